"""HTML of strangers made harmless by nh3: no scripts, no styles that leave their place.

Allows what JupyterLab's sanitizer allows, and SVG. Pictures are embedded; parts that cannot be
shown become notes.
"""

import re
from collections.abc import Callable
from html import unescape

import nh3

from .missing import Missing
from .pictures import Pictures

_HTML = nh3.ALLOWED_TAGS | set(
    "address audio big dir font label main meter progress section source tfoot track video".split()
)
_SVG = set(
    """svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan
    textPath image marker clipPath mask pattern linearGradient radialGradient stop filter
    feGaussianBlur feOffset feMerge feMergeNode feColorMatrix feComposite feBlend feFlood""".split()
)
_EMBEDDING = {"iframe", "object", "embed"}
_ATTRIBUTES = set(
    """align alt border cellpadding cellspacing class cite color colspan controls datetime dir
    face headers height high hreflang id lang low max min open optimum poster reversed role rowspan
    scope size span start style summary title type valign value width
    viewBox preserveAspectRatio d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy points transform
    fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray
    stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity font-family
    font-size font-style font-weight text-anchor dominant-baseline alignment-baseline
    letter-spacing baseline-shift rotate textLength lengthAdjust startOffset offset stop-color
    stop-opacity gradientUnits gradientTransform spreadMethod patternUnits patternTransform
    clip-path clip-rule clipPathUnits mask maskUnits marker-start marker-mid marker-end
    markerWidth markerHeight markerUnits orient refX refY vector-effect shape-rendering
    text-rendering image-rendering pointer-events filter in in2 result stdDeviation values mode
    operator k1 k2 k3 k4 flood-color flood-opacity xmlns version""".split()
)
_LINKED = {
    "a": {"href", "name"},
    **dict.fromkeys("img video audio source iframe embed".split(), {"src"}),
    **dict.fromkeys(("image", "use"), {"href", "xlink:href"}),
    "object": {"data"},
}
# Properties that change an element and not its place on the page.
_PROPERTIES = re.compile(
    r"(?:background|background-color|border(?:-[a-z]+)*|caption-side|clear|color|cursor|display|"
    r"fill(?:-[a-z]+)?|flex(?:-[a-z]+)?|float|font(?:-[a-z]+)*|gap|grid-template-columns|"
    r"(?:max-|min-)?(?:height|width)|image-rendering|justify-content|align-items|letter-spacing|"
    r"line-height|list-style(?:-[a-z]+)?|margin(?:-[a-z]+)?|opacity|overflow(?:-[a-z]+)?|"
    r"padding(?:-[a-z]+)?|stop-[a-z]+|stroke(?:-[a-z]+)?|table-layout|text-[a-z-]+|"
    r"vertical-align|white-space|word-[a-z]+)"
)
# Values that leave the color of words, or of their ground, to what is around them or to a theme.
_NO_COLOR = re.compile(
    r"^(?:transparent|none|inherit|initial|unset|revert|currentcolor|[\d\s.,%]*)\s*(?:!.*)?$"
    r"|^rgba\((?:[^,()]*,){3}\s*(?:0|0?\.[0-4]\d*)\s*\)|var\(|light-dark",
    re.I,
)
_COLORED = re.compile(
    r"<(font|table|tbody|thead|tr|td|th)\b([^<>]*?)\s(color|bgcolor)\s*=\s*([\"']?)([#\w]+)\4"
    r"(?=[\s>/])([^<>]*)>",
    re.I,
)
_CLASSES = re.compile(
    r"highlight|alert(?:-[a-z]+)?|task-list-item(?:-checkbox)?|jp-Mermaid|mermaid|anchor|dataframe|"
    r"scroll|ae-(?:table|caption|drawing)|[a-z][a-z0-9]{0,2}"
)
# Names by which the page's own scripts find things.
_RESERVED = re.compile(
    r"(?:main|theme|fold|present|plotly|contents|all-claims|teaser|ae-.*|(?:figure|claim|equation|cell)-.*|"
    r"notebook|pageNotebook|page-.*|run-page|file-.*|Plotly|drawAll|addFigure|setReportTheme|widget)"
)
_TOKEN = re.compile(
    r'<(img|image|iframe|object|embed|video|audio|source)\b[^<>]*"missing:(\d+)"[^<>]*>'
)
_FRAME = re.compile(r"<(iframe|object|embed)\b[^<>]*>|</(?:iframe|object|embed)>")
_BARE = re.compile(r"<img\b(?![^<>]*\ssrc=)[^<>]*>")
_FRAMED = "a page in a frame"
_NOWHERE = "a picture, whose address a page cannot open"
_CHECKBOX = re.compile(r"<input\b[^<>]*\btype\s*=\s*[\"']?checkbox\b[^<>]*>", re.I)
_COMMENT = re.compile(r"<!--(?:(?!<!--|-->).)*-->", re.S)
_LEFT_OUT = re.compile(r"<(script|style)\b", re.I)


def is_reserved(name: str) -> bool:
    """True for an id that only the page itself may give."""
    return bool(_RESERVED.fullmatch(name))


def safe_style(style: str) -> str:
    """Declarations of a `style` attribute that stay in their place, its colors for both themes.

    An element with a ground of its own looks as in the light. A color of words on the page's ground
    is left to the page's styles, as `--given`.
    """
    kept = {}
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        moves = name.lower().startswith("margin") and "-" in value
        loads = re.search(r"url|[\\<@]", value)
        if _PROPERTIES.fullmatch(name.lower()) and not moves and not loads:
            kept[name.lower()] = value
    grounds = [kept.get(name, "none") for name in ("background", "background-color")]
    if not all(_NO_COLOR.search(ground) for ground in grounds):
        kept["color-scheme"] = "light"
    elif "color" in kept and not _NO_COLOR.search(kept["color"]):
        kept["--given"] = re.sub(r"\s*!.*", "", kept.pop("color"))
    return ";".join(f"{name}:{value}" for name, value in kept.items())


def _in_style(match: re.Match) -> str:
    """Tag whose old attribute for a color is a declaration of its style."""
    tag, before, name, _, color, after = match.groups()
    declared = f"{'color' if name.lower() == 'color' else 'background'}:{color}"
    rest = before + after
    styled = re.sub(r"(\sstyle\s*=\s*[\"'])", rf"\1{declared};", rest, count=1, flags=re.I)
    return f"<{tag}{styled}>" if styled != rest else f'<{tag} style="{declared}"{rest}>'


def _box(match: re.Match) -> str:
    """Sign in the place of a checkbox, which nobody could use on a page."""
    done = re.search(r"\schecked\b", match[0], re.I)
    return (
        f'<span role="img" aria-label="{"" if done else "not "}done">{"☑" if done else "☐"}</span> '
    )


class Sanitizer:
    """Cleans one notebook's HTML; `link` answers where a link leads, or None for one that is dead."""

    def __init__(self, pictures: Pictures, missing: Missing, link: Callable[[str], str | None]):
        self._pictures, self._missing, self._link = pictures, missing, link
        self._reasons: list[str] = []
        self._cleaner = nh3.Cleaner(
            tags=_HTML | _SVG | _EMBEDDING,
            clean_content_tags={"script", "style"},
            attributes={"*": _ATTRIBUTES, **_LINKED},
            attribute_filter=self._attribute,
            generic_attribute_prefixes={"aria-"},
            url_schemes={"http", "https", "mailto", "data", "attachment", "missing", "file"},
            link_rel=None,
        )

    def words(self, markup: str) -> str:
        """Harmless HTML of a heading, without notes: the text itself has them."""
        harmless = self._cleaner.clean(markup)
        return re.sub(r"<(?:img|image|iframe|object|embed)\b[^<>]*>", "", harmless)

    def clean(self, markup: str) -> str:
        """Harmless HTML with embedded pictures; notes stand in the places of missing parts."""
        self._reasons = []
        after: list[str] = []
        cleaned = self._cleaner.clean(_COLORED.sub(_in_style, _CHECKBOX.sub(_box, markup)))
        cleaned = _TOKEN.sub(lambda match: self._noted(match, after), cleaned)
        cleaned = _BARE.sub(lambda _: self._missing.note(_NOWHERE, "span"), cleaned)
        framed = self._missing.note
        cleaned = _FRAME.sub(lambda m: framed(_FRAMED, "span") if m[1] else "", cleaned)
        cleaned += "".join(after)
        written = _COMMENT.sub("", markup)
        for kind in sorted({found.lower() for found in _LEFT_OUT.findall(written)}):
            what = "a script, which is not run" if kind == "script" else "a style sheet"
            cleaned += self._missing.note(f"{what} in this text")
        return cleaned

    def _noted(self, match: re.Match, after: list[str]) -> str:
        alt = re.search(r' alt="([^"]+)"', match[0])
        words = f", “{unescape(alt[1])}”" if alt else ""
        note = self._missing.note(self._reasons[int(match[2])] + words, "span")
        if match[1] not in {"video", "audio", "source"}:
            return note
        after.append(note)  # what stands inside of a player is not seen
        return "" if match[1] == "source" else f"<{match[1]}>"

    def _instead(self, reason: str) -> str:
        self._reasons.append(reason)
        return f"missing:{len(self._reasons) - 1}"

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return safe_style(value) or None
        if name == "class":
            return " ".join(word for word in value.split() if _CLASSES.fullmatch(word)) or None
        if name in {"id", "name"}:
            return None if is_reserved(value) else value
        if name == "poster" or re.search(r"url\(\s*['\"]?(?!#)", value, re.I):
            return None
        if name not in {"src", "href", "xlink:href", "data"}:
            return value
        if tag == "a":
            return self._link(value)
        if tag == "use":
            return value if value.startswith("#") else None
        if tag in _EMBEDDING:
            what = _FRAMED if tag == "iframe" else "an embedded object"
            return self._instead(f"{what}, {_short(value)}")
        uri, reason = self._pictures.embed(value)
        if uri:
            return uri
        what = "a picture" if tag in {"img", "image"} else "a recording"
        return self._instead(f"{what}, {_short(value)}, {reason}")


def _short(address: str) -> str:
    return address if len(address) <= 100 else f"{address[:97]}…"
