"""Embedded parts of a page: typefaces, styles, scripts, Plotly."""

import base64
import re
import subprocess
from functools import cache
from pathlib import Path

from markupsafe import Markup

from .packing import packed
from .project import node, root

_STATIC = Path(__file__).parent / "static"

_TYPEFACES = ["latin-400-normal", "latin-400-italic", "latin-600-normal", "greek-400-normal"]
_GREEK = "U+0370-0377, U+037A-037F, U+0384-038A, U+038C, U+038E-03A1, U+03A3-03FF"

# Families of KaTeX that a page needs only where a class or a size of them occurs in its formulas.
_RARE_FAMILIES = {
    "KaTeX_AMS": r"\bamsrm\b|mathbb|\bamssym",
    "KaTeX_Caligraphic": r"mathcal|\bcal\b",
    "KaTeX_Fraktur": r"mathfrak|textfrak",
    "KaTeX_SansSerif": r"mathsf|textsf|mathsfit",
    "KaTeX_Script": r"mathscr|textscr",
    "KaTeX_Typewriter": r"mathtt|texttt",
    "KaTeX_Size3": r"\bsize3\b|delim-size",
    "KaTeX_Size4": r"\bsize4\b|delim-size4|mult",
}


# Parts that the page carries packed: among their characters are all words.
_PACKED = re.compile(r'<script type="text/plain" [^>]*>[^<]*</script>')


@cache
def static(name: str) -> str:
    """Text of a file beside the templates."""
    return (_STATIC / name).read_text("utf-8")


def styles(*names: str) -> str:
    """Style sheets, one after the other."""
    return "\n".join(static(f"{name}.css") for name in names)


def _data_uri(path: Path) -> str:
    return f"data:font/woff2;base64,{base64.b64encode(path.read_bytes()).decode()}"


@cache
def typefaces() -> str:
    """Face of the prose: Source Serif 4, Latin and Greek."""
    rules = []
    for name in _TYPEFACES:
        script, weight, style = name.split("-")
        scope = f"; unicode-range: {_GREEK}" if script == "greek" else ""
        uri = _data_uri(_STATIC / "fonts" / f"source-serif-4-{name}.woff2")
        rules.append(
            f'@font-face {{ font-family: "Source Serif 4"; font-weight: {weight}; font-style: {style}; '
            f'font-display: block; src: url({uri}) format("woff2"){scope} }}'
        )
    return "\n".join(rules)


@cache
def _katex_rules() -> tuple[str, ...]:
    css = (root() / "node_modules" / "katex" / "dist" / "katex.min.css").read_text("utf-8")
    return tuple(re.findall(r"@font-face\{[^}]*\}|[^@]+", css))


def katex_css(typeset: str) -> str:
    """Styles of KaTeX with the fonts that a page's formulas use; nothing without formulas."""
    typeset = _PACKED.sub("", typeset)
    if 'class="katex' not in typeset:
        return ""
    folder = root() / "node_modules" / "katex" / "dist"
    bold = re.search(r"mathbf|textbf|boldsymbol|mathboldsf", typeset)
    kept = []
    for rule in _katex_rules():
        if rule.startswith("@font-face"):
            family = re.search(r"font-family:\"?([\w]+)", rule)[1]
            rare = _RARE_FAMILIES.get(family)
            if rare and not re.search(rare, typeset):
                continue
            if "font-weight:700" in rule and not bold:
                continue
            font = re.search(r"fonts/[\w-]+\.woff2", rule)[0]
            rule = re.sub(
                r"src:[^}]*", f'src:url({_data_uri(folder / font)}) format("woff2")', rule
            )
        kept.append(rule)
    return "".join(kept)


@cache
def plotly(full: bool) -> Markup:
    """Plotly as the page carries it: the cartesian bundle, or the full one, minified by esbuild."""
    modules = root() / "node_modules"
    if full:
        script = _minified(modules / "plotly.js-dist" / "plotly.js")
    else:
        script = (modules / "plotly.js-cartesian-dist-min" / "plotly-cartesian.min.js").read_bytes()
    return packed(script)


def _minified(path: Path) -> bytes:
    esbuild = root() / "node_modules" / "esbuild" / "bin" / "esbuild"
    command = [node(), str(esbuild), str(path), "--minify", "--legal-comments=inline"]
    return subprocess.run(command, capture_output=True, check=True).stdout
