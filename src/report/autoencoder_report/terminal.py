"""Text that programs write for a terminal, as HTML."""

import re

from nbconvert.filters.ansi import ansi2html

from .formulas import accented

# Titles, links and character sets of terminals; ansi2html takes sequences that begin with ESC [.
_SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[()*+#][0-9A-Za-z]|\x1b[=>78cDEHMNOZ]"
)
# A sequence, or a character.
_SIGN = re.compile(rf"{_SEQUENCES.pattern}|\x1b\[[^@-~\n]*[@-~]|.", re.S)
_WORDS = re.compile(r'(<span(?: class="(?:(?!-bg)[^"])*")? style=")color(?=: rgb\([\d,]+\)">)')
_GROUND = re.compile(r'(<span(?: class="[^"]*")? style="background-color: (rgb\([\d,]+\)))(?=">)')
# Control characters by the signs that Unicode has for them; the bell is not shown.
_SIGNS: dict[int, int | None] = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\f\r\x1b"},
    7: None,
    127: 0x2421,
}


def visible(text: str) -> str:
    """Text with signs for control characters, which a page does not show."""
    return text.translate(_SIGNS)


def _without_backspaces(line: str) -> str:
    kept: list[str] = []
    seen: list[int] = []  # places in `kept` of what a backspace can take
    for sign in _SIGN.findall(line):
        if sign != "\b":
            if sign[0] != "\x1b":
                seen.append(len(kept))
            kept.append(sign)
        elif seen:
            kept[seen.pop()] = ""
    return "".join(kept)


def overwritten(text: str) -> str:
    """Lines as a terminal leaves them: without what a carriage return or backspaces wrote over."""
    lines = []
    for line in text.split("\n"):
        last = line.rstrip("\r").rsplit("\r", 1)[-1]
        lines.append(_without_backspaces(last) if "\b" in last else last)
    return "\n".join(lines)


def terminal_html(text: str) -> str:
    """Text as HTML with the colors of its escape sequences.

    A color by numbers is left to the page's styles, which keep words readable on it or in it.
    """
    colored = str(ansi2html(visible(_SEQUENCES.sub("", text))))
    return accented(_GROUND.sub(r"\1;--ground: \2", _WORDS.sub(r"\1--ansi", colored)))
