"""Live figures of the library, recognized by their code, which is compared byte for byte."""

import json
import re
from functools import cache
from html import unescape

from .project import root

_FIGURE = re.compile(
    r'\s*<figure style="margin:0"><div class="ae-live" role="group" aria-label="([^"]*)">(.*?)</div>'
    r"<script>(.*?)</script>"
    r'<figcaption class="ae-caption" style="[^"]*">(.*?)</figcaption></figure>\s*',
    re.S,
)
_START = (
    "(()=>{const s=document.currentScript,h=s&&s.previousElementSibling&&"
    's.previousElementSibling.matches(".ae-live")?s.previousElementSibling:'
    '[...document.querySelectorAll(".ae-live[aria-label]:not([data-live])")][0];'
    "if(!h||h.dataset.live)return;h.dataset.live="
)
_NAMED = re.compile(r'"([a-z-]+)";')


@cache
def _code(name: str) -> str | None:
    file = root() / "src/autoencoders/dist/live/browser" / f"{name}.js"
    return file.read_text("utf-8") if file.is_file() else None


def _is_ours(script: str) -> bool:
    """True for the library's own code followed by nothing but its data as JSON."""
    if not script.startswith(_START):
        return False
    named = _NAMED.match(script, len(_START))
    code = _code(named[1]) if named else None
    if not code or not script.startswith(f"{code};widget.mount(h,", named.end()):
        return False
    data = script[named.end() + len(code) + len(";widget.mount(h,") :]
    try:
        json.loads(data.removesuffix(")})()"))
    except ValueError:
        return False
    return data.endswith(")})()") and "<" not in data


def live_figure(markup: str) -> tuple[str, str, str, str] | None:
    """`(label, still picture, script, caption)` of a live figure of the library, else None.

    Label, picture and caption are still a stranger's HTML.
    """
    found = _FIGURE.fullmatch(markup)
    if not found or not _is_ours(found[3]):
        return None
    return unescape(found[1]), found[2], found[3], found[4]
