"""Formulas of a page: collected while its text is rendered, typeset by KaTeX in one go."""

import html
import json
import re
import secrets
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import ReportError
from .missing import Missing
from .project import node, root

_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")
_LABEL = re.compile(r"\\label\{([^{}]*)\}")
_NO_TAG = re.compile(r"\\(?:notag|nonumber)\b")
_ENVIRONMENT = re.compile(
    r"^\s*\\begin\{(equation|align|gather|multline|x?alignat|flalign|eqnarray)(\*?)\}(.*)\\end\{\1\2\}\s*$",
    re.S,
)
_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
# Definitions of macros, which print nothing.
_DEFINITIONS = re.compile(
    rf"(?:\s|\\(?:(?:re)?newcommand|providecommand|DeclareMathOperator)\*?\s*(?:{_GROUP}|\\[a-zA-Z]+)"
    rf"\s*(?:\[[^\[\]]*\]\s*)*{_GROUP}|\\g?def\s*\\[a-zA-Z]+[#\d]*\s*{_GROUP}"
    rf"|\\DeclarePairedDelimiter\s*(?:{_GROUP}|\\[a-zA-Z]+)\s*{_GROUP}\s*{_GROUP}"
    rf"|\\require\s*{_GROUP})+"
)
# A dollar before a number is money where the next one opens something too: $5 and $10, $5 and $x$.
MONEY = r"(?!\d[^$]*(?:\$\d|\s\$[\w\\]))"
_WITHIN = re.compile(
    r"(?<!\\)\$\$(?P<shown>.{1,9999}?)(?<!\\)\$\$|\\\[(?P<bracketed>.{1,9999}?)\\\]"
    rf"|\\\((?P<round>.{{1,999}}?)\\\)|(?<![$\\])\${MONEY}(?P<inline>[^$]+?)(?<!\\)\$(?!\$)"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]{1,20}\*?)\}.{1,9999}?\\end\{(?P=name)\})",
    re.S,
)
_MARKUP = re.compile(r"(<!--|-->|<[^<>]*>)")
_VERBATIM = re.compile(r"<(/?)(pre|code|script|style|textarea|svg|math)\b|<(!)--|(-->)", re.I)
_ELEMENT = re.compile(r"<[a-zA-Z][^<>]*>")
_OPENING, _CLOSING = "([", ")],.;:!?"


def renumbers(sources: list[str]) -> bool:
    """True where display formulas are numbered here: their author numbered none."""
    return not any(_TAG.search(source) for source in sources)


_MARKED = "<[^<>]*>|(?<!\\w)([A-Za-zα-ωΑ-Ω])([\u0302\u0303\u0304\u0307\u20d7])"
_ACCENTED = re.compile(rf"{_MARKED}(?:_(\w{{1,2}}))?(?!\w)")
_ACCENTED_IN_CODE = re.compile(rf"{_MARKED}(?![^\W_])")
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307", "vec": "\u20d7"}
_COMMANDS = {mark: name for name, mark in _ACCENTS.items()}
_ABOVE = {"\u0302": "ˆ", "\u0303": "˜", "\u0304": "¯", "\u0307": "˙", "\u20d7": "→"}


def accented(markup: str) -> str:
    """HTML of code in which a letter such as x̂ has its mark above it in every typeface.

    The character itself stays in the text, for who copies it.
    """

    def marked(match: re.Match) -> str:
        if not match[1]:
            return match[0]
        mark = f'<span class="mark">{match[2]}</span>'
        return f'<span class="accent" data-mark="{_ABOVE[match[2]]}">{match[1]}{mark}</span>'

    return _ACCENTED_IN_CODE.sub(marked, markup)


_DRAWN = re.compile(r"(<text\b[^<>]*\bKaTeX_Math\b[^<>]*>)([^<]*)")


def drawn_accents(markup: str) -> str:
    """SVG whose letters in KaTeX's italic have their marks, which that typeface lacks, above them."""

    def mark(found: re.Match) -> str:
        above = _ABOVE[found[2]]
        upright = 'font-style="normal" font-family="KaTeX_Main, serif"'
        # an accent is half an em wide, a letter a little more
        return f'{found[1]}<tspan dx="-.51em" {upright}>{above}</tspan>'

    def marked(text: re.Match) -> str:
        return text[1] + _ACCENTED_IN_CODE.sub(mark, text[2])

    return _DRAWN.sub(marked, markup)


@dataclass
class Formula:
    """One formula; `number` stands in parentheses beside a display formula, or is empty.

    `source` is shown in the place of one that does not parse, unless it is `required`.
    """

    tex: str
    display: bool
    where: str
    source: str
    required: bool
    number: str = ""
    linked: bool = True


@dataclass
class Reference:
    """Words before the number of an equation, and that number or `label:` with its label."""

    target: str
    words: str
    where: str = ""
    required: bool = False


class Formulas:
    """Leaves marks in the HTML and fills them with KaTeX's output in the end.

    A mark holds a random token, so that no text of a notebook can be taken for one. A formula that
    KaTeX cannot parse leaves its source and a note, or is an error while `required` is true.
    """

    def __init__(self, automatic: bool, missing: Missing):
        self._automatic, self._missing = automatic, missing
        self._kept: list[Formula | Reference] = []
        self._labels: dict[str, str] = {}
        self._numbered: dict[str, str] = {}
        self._next = 1
        self._token = secrets.token_hex(8)
        self._mark = re.compile(f"\ue000{self._token}(\\d+)\ue001")
        self.where = ""
        self.required = False

    def inline(self, tex: str) -> str:
        """Mark of a formula in a line; `\\eqref{…}` alone becomes a link."""
        if reference := re.fullmatch(r"\s*\\(?:eq)?ref\{([^{}]*)\}\s*", tex):
            return self._keep(Reference(f"label:{reference[1]}", "", self.where, self.required))
        return self._keep(self._formula(tex, f"${tex}$", display=False))

    def _formula(self, tex: str, source: str, display: bool) -> Formula:
        return Formula(tex, display, self.where, source.strip(), self.required)

    def display(self, tex: str, numbered: bool = True) -> str:
        """Mark of a formula on its own line. Throws ReportError where a number is given twice.

        Definitions of macros alone become an empty formula in a line.
        """
        if _DEFINITIONS.fullmatch(tex):
            return self._keep(self._formula(tex, tex, display=False))
        tags, labels = _TAG.findall(tex), _LABEL.findall(tex)
        body = _LABEL.sub("", tex)
        environment = _ENVIRONMENT.match(body)
        silent = not numbered or _NO_TAG.search(body) or (environment and environment[2])
        formula = self._formula(body, tex, display=True)
        if len(tags) > 1:
            return self._keep(formula)
        body = _NO_TAG.sub("", _TAG.sub("", body))
        formula.tex, formula.number = body, tags[0] if tags else ""
        if not tags and (self._automatic or labels) and not silent:
            while (number := str(self._next)) in self._numbered:
                self._next += 1
            formula.number = number
            self._next += 1
        self._count_number(formula, labels)
        return self._keep(formula)

    def _count_number(self, formula: Formula, labels: list[str]) -> None:
        number = formula.number
        formula.linked = number not in self._numbered
        if not formula.linked and self.required:
            before = f"given once, also in {self._numbered[number]}"
            raise ReportError(f"{self.where}: equation number ({number}) must be {before}")
        if number:
            self._numbered.setdefault(number, self.where)
        self._labels.update(dict.fromkeys(labels, number))

    def within(self, markup: str) -> str:
        """HTML with a mark for each formula in its text, as MathJax finds them in JupyterLab."""
        if not re.search(r"\$|\\[(\[]|\\begin", markup):
            return markup
        pieces, verbatim = [], ""
        for piece in _MARKUP.split(markup):
            found = _VERBATIM.match(piece)
            if found and not verbatim and not found[1] and not found[4]:
                verbatim = "--" if found[3] else found[2].lower()
            elif found and verbatim == ("--" if found[4] else (found[2] or "").lower()):
                verbatim = "" if found[1] or found[4] else verbatim
            elif not verbatim and not piece.startswith("<"):
                piece = _WITHIN.sub(self._found, piece)
            pieces.append(piece)
        return "".join(pieces)

    def _found(self, match: re.Match) -> str:
        kind = match.lastgroup if match.lastgroup != "name" else "environment"
        tex = html.unescape(match[kind])
        return self.inline(tex) if kind in {"inline", "round"} else self.display(tex)

    def letters(self, markup: str) -> str:
        """HTML with letters such as x̂ as formulas, of which few typefaces have both parts."""

        def typeset(match: re.Match) -> str:
            if not match[1]:
                return match[0]
            letter = f"\\mathrm{{{match[1]}}}" if match[1].isascii() else match[1]
            index = f"_{{{match[3]}}}" if match[3] else ""
            return self.inline(f"\\{_COMMANDS[match[2]]}{{{letter}}}{index}")

        return _ACCENTED.sub(typeset, markup)

    def reference(self, words: str, number: str) -> str:
        """Mark of "equation (3)" in the prose: a link where there is such an equation."""
        return self._keep(Reference(number, words))

    def _keep(self, part: Formula | Reference) -> str:
        self._kept.append(part)
        return f"\ue000{self._token}{len(self._kept) - 1}\ue001"

    @property
    def count(self) -> int:
        """Number of display formulas."""
        return sum(isinstance(part, Formula) and part.display for part in self._kept)

    def is_display(self, marked: str) -> bool:
        """True for a text of nothing but display formulas."""
        kept = [self._kept[int(i)] for i in self._mark.findall(marked)]
        displayed = all(isinstance(part, Formula) and part.display for part in kept)
        return bool(kept) and displayed and not self._mark.sub("", marked).strip()

    def split_display(self, marked: str) -> list[str]:
        """Pieces of a paragraph, with each display formula a piece of its own."""
        pieces = [""]
        for part in re.split(f"({self._mark.pattern.replace('(', '(?:')})", marked):
            if self.is_display(part):
                pieces += [part, ""]
            else:
                pieces[-1] += part
        return [piece.strip() for piece in pieces if piece.strip()]

    def plain(self, marked: str) -> str:
        """Text with each formula in the characters that Unicode has for it."""
        return self._mark.sub(lambda match: self._plain(int(match[1])), marked)

    def _plain(self, i: int) -> str:
        part = self._kept[i]
        return plain_tex(part.tex) if isinstance(part, Formula) else part.words

    def fill(self, marked: str) -> str:
        """HTML with every mark filled; in an attribute by the formula's plain characters.

        Throws ReportError that names the cell of each formula that does not parse.
        """
        marked = _ELEMENT.sub(self._attributes, marked)
        parts = self._mark.split(marked)
        texts, marks = parts[0::2], [int(i) for i in parts[1::2]]
        filled = []
        for j, i in enumerate(marks):
            part = self._kept[i]
            if isinstance(part, Reference):
                shown = self._link(part)
            elif part.display:
                shown = _block(self._typeset[i], part.number, part.linked)
            else:
                shown, texts[j], texts[j + 1] = self._whole(i, texts[j], texts[j + 1])
            filled += [texts[j], shown]
        return "".join([*filled, texts[-1]])

    def _whole(self, i: int, left: str, right: str) -> tuple[str, str, str]:
        """Formula with the brackets and stops that touch it, between which no line ends."""
        before = left[len(left.rstrip(_OPENING)) :]
        after = right[: len(right) - len(right.lstrip(_CLOSING))]
        shown = self._typeset[i]
        if before or after:
            shown = f'<span class="whole">{before}{shown}{after}</span>'
        return shown, left[: len(left) - len(before)], right[len(after) :]

    def _attributes(self, match: re.Match) -> str:
        return self._mark.sub(lambda mark: html.escape(self._plain(int(mark[1]))), match[0])

    @cached_property
    def _typeset(self) -> dict[int, str]:
        """KaTeX's HTML of each formula, asked for all at once."""
        formulas = {i: f for i, f in enumerate(self._kept) if isinstance(f, Formula)}
        if not formulas:
            return {}
        asked = json.dumps([{"tex": f.tex, "display": f.display} for f in formulas.values()])
        script, katex = Path(__file__).with_name("formulas.mjs"), root() / "node_modules" / "katex"
        program = [node(), str(script), str(katex)]
        how = {"capture_output": True, "encoding": "utf-8", "check": False}
        ran = subprocess.run(program, input=asked, **how)
        if ran.returncode != 0:
            got = f"exit code {ran.returncode}: {ran.stderr.strip()}"
            raise ReportError(f"KaTeX must run under {program[0]}, got {got}")
        answers = dict(zip(formulas, json.loads(ran.stdout)))
        broken = [
            f"{f.where}: formula {f.tex.strip()!r}: {answers[i]['error']}"
            for i, f in formulas.items()
            if "error" in answers[i] and f.required
        ]
        if broken:
            raise ReportError("\n".join(broken))
        return {i: a.get("html") or self._source(i, a["error"]) for i, a in answers.items()}

    def _source(self, i: int, error: str) -> str:
        """Source of a formula that does not parse, and a note with KaTeX's reason."""
        formula = self._kept[i]
        self._missing.where = formula.where
        reason = error.replace("\u0332", "").removeprefix("KaTeX parse error: ")
        said = f"a formula, of which KaTeX says: {reason}; its source stands in its place"
        note = self._missing.note(said, "span")
        return f'<code class="tex">{html.escape(formula.source)}</code>{note}'

    def _link(self, reference: Reference) -> str:
        target, label = reference.target, reference.target.removeprefix("label:")
        if label != target:
            target = self._labels.get(label, "")
            if not target and not reference.required:
                return "(???)"
            if not target:
                cure = f"give that equation \\label{{{label}}}"
                must = f"\\eqref must name a numbered equation, got {label!r}"
                raise ReportError(f"{reference.where}: {must}; {cure}")
        words = reference.words
        if target not in self._numbered:
            return f"{words}({target})"
        return f'{words}<a class="reference" href="#{_id(target)}">({html.escape(target)})</a>'


def _id(number: str) -> str:
    return "equation-" + re.sub(r"[^\w.-]+", "-", number)


def _block(typeset: str, number: str, linked: bool) -> str:
    shown, name, named = html.escape(number), "", ""
    if number and linked:
        named = f' id="{_id(number)}"'
        label = f'aria-label="Link to equation {shown}"'
        name = f'<a class="number" href="#{_id(number)}" {label}>({shown})</a>'
    elif number:
        name = f'<span class="number">({shown})</span>'
    return f'<div class="equation"{named}><div class="formula">{typeset}</div>{name}</div>'


_NAMES = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma
    tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell nabla
    partial infty times cdot le ge ne approx sum in to varepsilon lVert rVert | { }"""
_SIGNS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩℓ∇∂∞×·≤≥≠≈∑∈→ε‖‖‖{}"
_LETTERS = {**dict(zip(_NAMES.split(), _SIGNS)), ",": " "}
_LOW = dict(zip("0123456789aehijklmnoprstuvx+-=()", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋₌₍₎"))
_HIGH = dict(zip("0123456789ijnkmxT+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹ⁱʲⁿᵏᵐˣᵀ⁺⁻⁼⁽⁾"))


def plain_tex(tex: str) -> str:
    """Formula in Unicode, as a title or an alternative text can hold it: `\\hat\\rho_j` is ρ̂ⱼ."""
    text = re.sub(r"\\(?:math[a-z]+|text[a-z]*|operatorname|left|right|displaystyle)\b", "", tex)
    text = re.sub(r"\{\{(.)\}\}", r"{\1}", text)
    accent = "|".join(_ACCENTS)
    named = re.compile(rf"\\(?!(?:wide)?(?:{accent})\b)([A-Za-z]+|[^A-Za-z])")
    text = named.sub(lambda m: _LETTERS.get(m[1], m[1]), text)
    accented = re.compile(rf"\\(?:wide)?({accent})\s*(?:\{{(.)\}}|(\S))")
    text = accented.sub(lambda m: (m[2] or m[3]) + _ACCENTS[m[1]], text)
    for sign, raised in (("_", _LOW), ("^", _HIGH)):

        def script(match: re.Match, raised=raised) -> str:
            inner = match[1] if match[1] is not None else match[2]
            whole = all(c in raised for c in inner)
            return "".join(raised[c] for c in inner) if whole else match[0].replace("{", "(", 1)

        text = re.sub(rf"{re.escape(sign)}(?:\{{([^{{}}]*)\}}|(\w))", script, text)
    return re.sub(r"\s+", " ", text.replace("{", "").replace("}", "").replace("\\", "")).strip()
