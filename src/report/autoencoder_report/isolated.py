"""HTML outputs with scripts or styles of their own: each in a frame that cannot reach the page."""

import re
from collections.abc import Iterator
from html import unescape

from markupsafe import Markup, escape

from .assets import static, styles
from .missing import Missing
from .pictures import Pictures

# Markup that a sanitizer would have to take away: it runs, styles, loads or asks for input.
_ACTIVE = re.compile(
    r"<(?:script|style|link|meta|base|html|head|body|iframe|frame|object|embed|form|input|button|"
    r"select|textarea|canvas|video|audio|dialog|template|foreignobject|animate\w*|set|marquee)\b"
    r"|<[^<>]*[\s\"'/]on[a-z]+\s*=|<[^<>]*\bstyle\s*=[^<>]*\b(?:position|transform|z-index)\b",
    re.I,
)
_QUOTED = r"""(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))"""
_LOADED = re.compile(
    rf"<(script|iframe|frame|link|img|image|video|audio|source|track|embed|object)\b"
    rf"[^<>]*?\s(?:src|href|data)\s*=\s*{_QUOTED}",
    re.I,
)
_IMPORTED = re.compile(r"""(?:\bfrom|\bimport\s*\(?|\bfetch\s*\()\s*["'`](https?://[^"'`]+)""")
_PICTURE = re.compile(
    rf"(<(?:img|image|video|audio|source)\b[^<>]*?\s(?:src|(?:xlink:)?href)\s*=\s*){_QUOTED}", re.I
)
_SRCSET = re.compile(r"(<(?:img|source)\b[^<>]*?\s)srcset\s*=", re.I)
_SRCDOC = re.compile(r"""\bsrcdoc\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)
# A browser draws a broken page in a frame that the policy leaves empty.
_FRAMED = re.compile(
    r"(<(?:iframe|frame|embed|object)\b[^<>]*?\s)(?:src|data)\s*=(?=\s*[\"']?(?:https?:)?//)", re.I
)
# Colors in styles and attributes, and signs that their author knows of dark pages.
_COLORS = re.compile(
    r"(?<![\w-])(?:color|background(?:-color)?)\s*:(?!\s*(?:inherit|transparent|none|var\())"
    r"|\s(?:bg)?color\s*=",
    re.I,
)
_THEMED = re.compile(r"--jp-|light-dark\(|color-scheme|theme-?(?:light|dark)?[\"']?\]?\s*=", re.I)
_KINDS = {"script": "a script", "link": "a style sheet"}
_KINDS |= dict.fromkeys(("iframe", "frame"), "a page in a frame")
_KINDS |= dict.fromkeys(("embed", "object"), "an embedded object")
# Addresses that no element loads by itself, and that a page may carry.
_INERT = re.compile(r"(?:data:|blob:|#|about:|javascript:)", re.I)


_SEEN = re.compile(
    r"<(?:script|img|svg|canvas|video|audio|iframe|frame|object|embed|input|button|select|textarea|"
    r"table|hr|progress|meter|link)\b",
    re.I,
)
_UNSEEN = re.compile(
    r"<!--(?:(?!<!--|-->).)*-->|<(style|title)\b[^<>]*>[^<]*</\1>|<[^<>]*>", re.S | re.I
)


def is_blank(markup: str) -> bool:
    """True for HTML that neither runs nor shows anything."""
    return not _SEEN.search(markup) and not _UNSEEN.sub("", markup).strip()


def is_active(markup: str) -> bool:
    """True for HTML that would lose its meaning in the sanitizer."""
    return bool(_ACTIVE.search(markup))


def frame(body: str, title: str) -> Markup:
    """HTML in a frame of its own origin, without a way to the page, to windows or to the network.

    The frame grows with its content and follows the page's theme (static/head.js), unless its
    author gave colors for a light page alone.
    """
    light = " data-light" if _COLORS.search(body) and not _THEMED.search(body) else ""
    document = (
        f'<!doctype html><html{light}><meta charset="utf-8"><style>{styles("colors", "isolated")}</style>'
        f"<script>{static('isolated.js')}</script>{body}"
    )
    return Markup(
        f'<iframe class="isolated" sandbox="allow-scripts" title="{escape(title)}" '
        f'srcdoc="{escape(document)}"></iframe>'
    )


def _source(match: re.Match) -> str:
    """The address in a match of `_QUOTED`, quoted in one of three ways."""
    return unescape(match[2] or match[3] or match[4] or "")


def embedded(markup: str, pictures: Pictures, missing: Missing) -> tuple[str, list[str]]:
    """Markup with its pictures inside, and notes for those that cannot be."""
    notes: list[str] = []

    def embed(match: re.Match) -> str:
        source = _source(match)
        if not source or _INERT.match(source):
            return match[0]
        uri, reason = pictures.embed(source)
        if uri:
            return f'{match[1]}"{uri}"'
        what = "a picture" if match[1].lower().startswith(("<img", "<image")) else "a recording"
        notes.append(missing.note(f"{what}, {source[:100]}, {reason}"))
        return f'{match[1]}""'

    return _PICTURE.sub(embed, _SRCSET.sub(r"\1data-srcset=", markup)), notes


def isolate(markup: str, title: str, pictures: Pictures, missing: Missing) -> Markup:
    """An output in its frame, with pictures embedded, then notes for parts that it loads."""
    body, notes = embedded(markup, pictures, missing)
    seen: set[str] = set()
    inner = [unescape(found[1] or found[2] or "") for found in _SRCDOC.finditer(body)]
    for text in (_SRCDOC.sub("", body), *inner):
        for what, source in _loaded(text):
            if source not in seen:
                seen.add(source)
                notes.append(missing.note(f"{what} of this output, {source[:100]}"))
    return frame(_FRAMED.sub(r"\1data-src=", body), title) + Markup("".join(notes))


def _loaded(text: str) -> Iterator[tuple[str, str]]:
    """Kinds, in words, and addresses of all that HTML loads from elsewhere."""
    for match in _LOADED.finditer(text):
        kind, source = _KINDS.get(match[1].lower()), _source(match)
        if kind and source and not _INERT.match(source):
            yield kind, source
    for source in _IMPORTED.findall(text):
        yield "a script", source
