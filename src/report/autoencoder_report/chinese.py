"""Chinese summaries and glossary of the index, read from docs/."""

import re
from typing import NamedTuple

from markupsafe import Markup, escape

from . import project


class Summary(NamedTuple):
    """A chapter in Chinese: its question, and its paragraphs by their labels."""

    question: str
    paragraphs: list[tuple[str, Markup]]


def _page(name: str) -> str:
    path = project.root() / "docs" / name
    return path.read_text("utf-8") if path.exists() else ""


def _words(text: str) -> Markup:
    """Plain words with code in backticks as HTML."""
    return Markup(
        re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text.replace("\\|", "|").strip())))
    )


def summaries() -> dict[str, Summary]:
    """Sections `## NN question` of docs/chapters.zh.md by number, each of lines `**label**：text`."""
    sections = re.findall(r"^## (\d\d) (.+)\n((?:(?!## ).*\n?)*)", _page("chapters.zh.md"), re.M)
    return {
        number: Summary(
            question.strip(),
            [
                (label, _words(text))
                for label, text in re.findall(r"^\*\*(.+?)\*\*：(.+)$", body, re.M)
            ],
        )
        for number, question, body in sections
    }


def glossary() -> list[list[Markup]]:
    """Rows of docs/glossary.md: Chinese, English, name in the code, chapters, a sentence."""
    rows = [line.strip(" |") for line in _page("glossary.md").splitlines() if line.startswith("|")]
    return [[_words(cell) for cell in re.split(r" (?<!\\)\| ", row)] for row in rows[2:]]
