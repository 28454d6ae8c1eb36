"""A chapter's page as slides: one idea each, by the structure of the notebook.

The title with the answer, a heading, a cell of words, a figure, a table: each begins a slide. A short cell joins the words before it, a
sentence joins the figure that it announces, and what a cell prints stands below its words. What is too high for the screen is divided in
the browser, which alone can measure it.
"""

import html
import re
from dataclasses import dataclass, field

from markupsafe import Markup

from .page import Block, Output, Page

_HEADING = re.compile(r"<h[1-4] id=")
_BARE_HEADING = re.compile(r"(?:<h\d id=[^\n]*</h\d>\s*)+")
_SECTION = re.compile(r"<h2 id=\"[^\"]*\">(.*?)(?:<a class=\"anchor\".*?)?</h2>", re.S)
_ANSWER = re.compile(r"(.*?</h1>\s*(?:<p>.*?</p>)?)(.*)", re.S)
_PRINTED = {"text", "stderr", "error", "claims"}
_SHORT, _ABOVE_FIGURE, _ABOVE_TABLE, _OF_A_ROW = 420, 220, 340, 30  # characters


@dataclass
class Slide:
    """Prose and outputs, from top to bottom; `section` heads a slide that has no heading of its own; `code` is shown on demand."""

    section: Markup
    parts: list[Output]
    code: list[Block] = field(default_factory=list)
    solution: bool = False
    opening: bool = False

    @property
    def picture(self) -> bool:
        """Whether it ends with a figure, table or live figure, which fills the slide."""
        return bool(self.parts) and self.parts[-1].kind not in {"prose", *_PRINTED}

    @property
    def kind(self) -> str:
        """The name of its layout."""
        return "opening" if self.opening else "picture" if self.picture else "words"

    @property
    def claims(self) -> int:
        """How many claims are shown on it."""
        return sum(len(part.claims) for part in self.parts)

    @property
    def written(self) -> str:
        """The HTML of its prose and prints."""
        return "".join(str(part.html) for part in self.parts)

    @property
    def bare(self) -> bool:
        """Whether it has nothing to read but a heading, and its code."""
        return self.claims == 0 and bool(_BARE_HEADING.fullmatch(self.written))

    def takes(self, piece: str) -> bool:
        """Whether a piece of prose is short enough to go on below."""
        if self.picture or self.opening or _HEADING.match(piece):
            return False
        short = _length(self.written + piece) + 60 * self.claims <= _SHORT
        return {part.kind for part in self.parts} <= {"prose", "text", "claims"} and (
            short or self.bare
        )

    def announces(self, output: Output) -> bool:
        """Whether it is few enough words for a figure or table to have above it."""
        if "ae-live" in output.html:
            return False
        most = (
            _ABOVE_TABLE - _OF_A_ROW * output.html.count("<tr")
            if "<table" in output.html
            else _ABOVE_FIGURE
        )
        return (
            not self.opening
            and {part.kind for part in self.parts} == {"prose"}
            and _length(self.written) <= most
        )


def _length(markup: str) -> int:
    """Characters that are read; a display formula or a table counts as many."""
    return (
        len(html.unescape(re.sub(r"<[^>]+>|\s+", " ", markup)))
        + 200 * markup.count("<table")
        + 8 * markup.count("\ue000")
    )


def _pieces(block: Block) -> list[str]:
    """The cell's HTML from heading to heading; a heading that another one follows at once stays with it."""
    pieces: list[str] = []
    for piece in re.split(r"(?=<h[1-4] id=)", str(block.html)):
        if pieces and _BARE_HEADING.fullmatch(pieces[-1]):
            pieces[-1] += piece
        elif piece.strip():
            pieces.append(piece)
    return pieces


def slides_of(page: Page) -> list[Slide]:
    """The slides of a page, in order, but for the table of claims, which ends them."""
    slides: list[Slide] = []
    section = page.question
    for block in page.blocks:
        if block.kind == "code":
            _add_code(slides, block, section)
            continue
        for piece in _pieces(block):
            if found := _SECTION.search(piece):
                section = Markup(found[1])
            if piece.startswith("<h1"):
                answer, piece = _ANSWER.match(piece).groups()
                slides.append(Slide(Markup(""), [_prose(answer)], opening=True))
            last = slides[-1] if slides else None
            if not piece.strip():
                continue
            if last and last.solution == block.solution and last.takes(piece):
                last.parts.append(_prose(piece))
            else:
                slides.append(
                    Slide(
                        Markup("") if _HEADING.match(piece) else section,
                        [_prose(piece)],
                        solution=block.solution,
                    )
                )
    return slides


def _prose(piece: str) -> Output:
    return Output("prose", Markup(piece))


def _add_code(slides: list[Slide], block: Block, section: Markup) -> None:
    """What a cell prints goes below the words before it, what it draws onto a slide each; its code onto the first of them.

    Of its claims there are enough in the table at the end, but where words announce them and it prints nothing else.
    """
    last = (
        slides[-1]
        if slides and slides[-1].solution == block.solution and not slides[-1].opening
        else None
    )
    words = last is not None and not last.picture
    outputs = [output for output in block.outputs if output.kind != "claims"] or (
        block.outputs if words else []
    )
    touched = []
    for output in outputs:
        if last and not last.picture and (output.kind in _PRINTED or last.announces(output)):
            last.parts.append(output)
        else:
            last = Slide(section, [output], solution=block.solution)
            slides.append(last)
        touched.append(last)
    if not touched and last is None:
        last = Slide(section, [], solution=block.solution)
        slides.append(last)
    if block.source.strip():
        (touched or [last])[0].code.append(block)
