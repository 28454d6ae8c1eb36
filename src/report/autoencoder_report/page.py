"""A notebook as the model of a page: prose, code, outputs, figures, claims."""

import html
import json
import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import unquote

from markupsafe import Markup
from nbformat import from_dict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from . import ReportError, well_formed, where
from .claims import Claim
from .figures import needs_eval, needs_full_bundle
from .formulas import Formulas, accented, renumbers
from .links import Links
from .missing import Missing
from .outputs import Output, Outputs
from .pictures import Pictures
from .prose import Heading, Prose
from .sanitize import Sanitizer
from .terminal import visible

_LINES = HtmlFormatter(nowrap=True)


@dataclass
class Block:
    """A cell: prose (`html`), or code (`html`, its `source`) with outputs.

    `number` counts the notebook's cells with code from 1; it is 0 where there is none.
    `folded` code, `folded_outputs` and folded prose open at a click. A `teaser` shows its figure
    at the top of the page too; `section` is the heading that it stands under.
    """

    kind: str
    number: int = 0
    html: Markup = Markup("")
    source: str = ""
    first_line: str = ""
    lines: int = 0
    outputs: list[Output] = field(default_factory=list)
    solution: bool = False
    folded: bool = False
    folded_outputs: bool = False
    teaser: bool = False
    section: Heading | None = None


class Teaser(NamedTuple):
    """Figure that stands at the top of a page too, and the heading under which it is drawn."""

    output: Output
    section: Heading


@dataclass
class Part:
    """Blocks from heading to heading: a screen where the page is presented."""

    blocks: list[Block] = field(default_factory=list)

    @property
    def opens(self) -> re.Match | None:
        """Match of the heading that the part begins with; group 1 is its level."""
        first = self.blocks[0] if self.blocks else None
        if not first or first.kind != "prose" or first.solution:
            return None
        return re.match(r"\s*<h([1-3])\b[^<>]*>(.*?)</h\1>", first.html, re.S)


class Further(NamedTuple):
    """Parts from the heading "Going further" to the next of its level, folded under it."""

    heading: Markup
    parts: list[Part]

    @property
    def cells(self) -> int:
        """Number of cells with code."""
        return sum(block.kind == "code" for part in self.parts for block in part.blocks)


@dataclass
class Page:
    """All of a page but its place in the series; `question` and `answer` are HTML."""

    title: str
    question: Markup
    answer: Markup
    blocks: list[Block]
    contents: list[Heading]
    claims: list[Claim]
    figures: list[dict]
    figure_count: int
    formula_count: int
    full_plotly: bool
    evaluates: bool
    notes: list[str]

    @property
    def broken(self) -> list[Claim]:
        """Claims that do not hold."""
        return [claim for claim in self.claims if not claim.holds]

    @property
    def teaser(self) -> Teaser | None:
        """First figure tagged to stand at the top, unless it is there already."""
        for block in self.blocks:
            shown = (o for o in block.outputs if o.kind in {"figure", "drawing", "image", "html"})
            if block.teaser and block.section and (output := next(shown, None)):
                return Teaser(output, block.section)
        return None

    @property
    def minutes(self) -> int:
        """Minutes to read the main line: 200 words a minute, with time for formulas and code.

        A formula on its own line takes 20 s, a figure 30 s, a line of code that is not folded 3 s.
        """
        parts = [part for part in self.sections if isinstance(part, Part)]
        shown = [b for part in parts for b in part.blocks if not b.solution]
        text = " ".join(re.sub(r"<[^>]+>", " ", b.html) for b in shown if b.kind == "prose")
        lines = sum(block.lines for block in shown if not block.folded)
        figures = sum(output.number > 0 for block in shown for output in block.outputs)
        seconds = 0.3 * len(text.split()) + 20 * self.formula_count + 30 * figures + 3 * lines
        return max(1, round(seconds / 60))

    @property
    def sections(self) -> list[Part | Further]:
        """Parts of the page; those that go further than the main line are folded together."""
        sections: list[Part | Further] = []
        further: Further | None = None
        for part in self._parts():
            heading = part.opens
            if heading and heading[1] in "12":
                further = None
                if heading[1] == "2" and _FURTHER.match(re.sub(r"<[^>]+>", "", heading[2])):
                    further = Further(Markup(_without_links(_ANCHOR.sub("", heading[0]))), [])
                    sections.append(further)
                    part.blocks[:1] = _rest(part.blocks[0], heading.end())
            if part.blocks:
                (further.parts if further else sections).append(part)
        return sections

    def _parts(self) -> list[Part]:
        parts = [Part()]
        for block in _with_teaser(self.blocks, self.teaser):
            for piece in _pieces(block):
                if parts[-1].blocks and Part([piece]).opens:
                    parts.append(Part())
                parts[-1].blocks.append(piece)
        return parts


class _Reader:
    def __init__(self, notebook, folder: str, links: Links, strict: bool):
        self.notebook, self.strict = notebook, strict
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        self.missing = Missing()
        self.pictures = Pictures(folder)
        self.formulas = Formulas(renumbers(sources), self.missing)
        sanitizer = Sanitizer(self.pictures, self.missing, links)
        self.prose = Prose(self.formulas, sanitizer)
        self.outputs = Outputs(self.prose, sanitizer, self.pictures, self.missing)
        language = notebook.metadata.get("language_info") or {}
        self.lexer = _lexer(language.get("pygments_lexer") or language.get("name") or "typescript")

    def blocks(self) -> list[Block]:
        """Every cell that the page shows. Throws ReportError that names the cell at fault."""
        cells, read, number = self.notebook.cells, [], 0
        for i, cell in enumerate(cells):
            place = where(i, len(cells), cell.source)
            self.missing.where = self.formulas.where = place
            self.formulas.required = self.strict and cell.cell_type == "markdown"
            self.pictures.attachments = cell.get("attachments") or {}
            try:
                block = self._block(cell, place)
            except ReportError:
                raise
            except Exception as error:  # an output of a shape that nobody foresaw
                raise ReportError(
                    f"{place}: a cell and its outputs must be as nbformat has them, "
                    f"got {type(error).__name__}: {str(error)[:200]}"
                ) from error
            number += cell.cell_type == "code" and bool(cell.source.strip())
            if block:
                block.number = number if cell.cell_type == "code" and cell.source.strip() else 0
                last = self.prose.headings[-1] if self.prose.headings else None
                if block.teaser and last and last.level > 1:
                    block.section = replace(last, words=_without_links(last.words))
                read.append(block)
        return read

    def _block(self, cell, place: str) -> Block | None:
        tags = {tag.replace("_", "-") for tag in cell.metadata.get("tags", [])}
        jupyter = cell.metadata.get("jupyter") or {}
        solution = "solution" in tags
        hidden = jupyter.get("source_hidden") or cell.metadata.get("hide_input") is True
        folded = not solution and bool(hidden or tags & {"hide-input", "hide-cell", "plot"})
        if cell.cell_type != "code":
            if not cell.source.strip() or tags & {"remove-cell", "remove-input"}:
                return None
            shown = Markup(self._written(cell, place))
            return Block("prose", html=shown, solution=solution, folded=folded)
        source = "" if tags & {"remove-cell", "remove-input"} else cell.source
        outputs = self.outputs.read(cell.get("outputs", []), place)
        if tags & {"remove-cell", "remove-output", "remove-outputs"}:
            # a claim is never hidden: it may be one that does not hold
            outputs = [output for output in outputs if output.kind == "claims"]
        if not source.strip() and not outputs:
            return None
        hidden = jupyter.get("outputs_hidden") or cell.metadata.get("collapsed")
        hidden = hidden or tags & {"hide-output", "hide-cell"}
        lines = [line for line in source.splitlines() if line.strip()]
        return Block(
            "code",
            html=Markup(accented(highlight(visible(source), self.lexer, _LINES))),
            source=source,
            first_line=lines[0].strip() if lines else "",
            lines=len(lines),
            outputs=outputs,
            solution=solution,
            folded=folded,
            folded_outputs=bool(hidden and outputs and not solution),
            teaser="teaser" in tags and not solution,
        )

    def _written(self, cell, place: str) -> str:
        kind = cell.metadata.get("raw_mimetype") or cell.metadata.get("format") or ""
        if cell.cell_type == "markdown" or kind == "text/markdown":
            return self.prose.render_cell(cell.source)
        if kind == "text/html":
            return str(self.outputs.markup(cell.source, place))
        return f"<pre>{html.escape(cell.source)}</pre>"


_ANCHOR = re.compile(r'<a class="anchor"[^<>]*>#</a>')
_FURTHER = re.compile(r"\s*going further\b", re.I)
_TOP = re.compile(
    r"\s*<h1\b.*?</h1>\s*(?:<p><strong>(?:(?!</p>).)*</strong></p>\s*"
    r"|<blockquote>(?:(?!</blockquote>).)*</blockquote>\s*)?",
    re.S,
)
_LINKED_PICTURE = re.compile(r'<p><a href="#([^"]*)"[^<>]*><img\b[^<>]*></a></p>\s*')
_VOID = r"area|br|col|hr|img|input|source|track|wbr"
_OPENED = re.compile(rf"<(?!(?:{_VOID})\b)[a-zA-Z]")


def _rest(block: Block, begin: int) -> list[Block]:
    """The block from a place in its HTML on; nothing where nothing follows."""
    rest = Markup(block.html[begin:])
    return [replace(block, html=rest)] if rest.strip() else []


def _pieces(block: Block) -> list[Block]:
    """Prose from heading to heading, where no heading stands inside of another element."""
    if block.kind != "prose" or block.folded:
        return [block]
    pieces = [piece for piece in re.split(r"(?=<h[12]\b)", block.html) if piece.strip()]
    if not all(len(_OPENED.findall(piece)) == piece.count("</") for piece in pieces):
        return [block]
    return [replace(block, html=Markup(piece)) for piece in pieces]


def _with_teaser(blocks: list[Block], teaser: Teaser | None) -> list[Block]:
    """Blocks with the teaser below the title and the answer, or before all of them.

    A picture that links to the teaser's section stands for it in the notebook, and gives way here.
    """
    if not teaser:
        return blocks
    shown = Block("teaser")
    first = blocks[0]
    for picture in _LINKED_PICTURE.finditer(first.html):
        if unquote(picture[1]) == teaser.section.id:
            first = replace(first, html=Markup(first.html.replace(picture[0], "")))
    top = _TOP.match(first.html) if first.kind == "prose" else None
    if not top:
        return [shown, first, *blocks[1:]]
    head = replace(first, html=Markup(top[0]))
    return [head, shown, *_rest(first, top.end()), *blocks[1:]]


def _lexer(name: object):
    try:
        return get_lexer_by_name(str(name))
    except ClassNotFound:
        return get_lexer_by_name("text")


_HEAD = re.compile(r"<h1\b[^<>]*>(.*?)</h1>", re.S)
_SENTENCE = re.compile(r"^ *<p><strong>(.*?)</strong>", re.S | re.M)
_QUOTE = re.compile(r"<blockquote>\s*(?:<p>)?(.*?)(?:</p>)?\s*</blockquote>", re.S)
_STRONG = re.compile(r"<strong>(.*?)</strong>", re.S)


def _answer(blocks: list[Block]) -> str:
    for block in blocks[:4]:
        if block.kind != "prose":
            break
        before_sections = str(block.html).split("<h2", 1)[0]
        for pattern in (_QUOTE, _SENTENCE, _STRONG):
            if found := pattern.search(before_sections):
                return re.sub(r"</?p>", " ", found[1]).strip()
    return ""


def _without_links(words: str) -> str:
    return re.sub(r"</?a\b[^>]*>", "", words)


def plain_title(source: str) -> str:
    """Words of a heading written in Markdown, without markup."""
    missing = Missing()
    formulas = Formulas(False, missing)
    prose = Prose(formulas, Sanitizer(Pictures(""), missing, Links()))
    prose.render_cell(f"# {well_formed(source)}")
    return _plain(prose.headings[0].words, formulas) if prose.headings else ""


def _plain(words: str, formulas: Formulas) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", formulas.plain(words))).strip()


def read_page(
    notebook, name: str, folder: str = "", links: Links | None = None, strict: bool = False
):
    """Page of an executed notebook with marks for formulas still in it, and the `Formulas`.

    Throws ReportError that names the cell; where it is `strict`, also for a formula of a text that
    KaTeX cannot parse.
    """
    # text that UTF-8 can hold, in every part
    notebook = from_dict(json.loads(well_formed(json.dumps(notebook, ensure_ascii=False))))
    links = links or Links()
    reader = _Reader(notebook, folder, links, strict)
    blocks = reader.blocks()
    if not blocks:
        raise ReportError(f"{name}: a notebook must have cells with something in them, got none")
    headings = reader.prose.headings
    for block in blocks:
        block.html = Markup(links.to_headings(str(block.html), [h.id for h in headings]))
    title = next((h for h in headings if h.level == 1), None)
    given = notebook.metadata.get("title")
    named = given if isinstance(given, str) and given.strip() else name
    in_html = (_HEAD.search(block.html) for block in blocks if block.kind == "prose")
    written = title.words if title else next((found[1] for found in in_html if found), "")
    words = _without_links(written or html.escape(named))
    outputs = reader.outputs
    linked = [h for h in headings if h.level in {2, 3} and h.words.strip()]
    page = Page(
        title=_plain(words, reader.formulas) or named,
        question=Markup(words),
        answer=Markup(_without_links(_answer(blocks))),
        blocks=blocks,
        contents=[replace(heading, words=_without_links(heading.words)) for heading in linked],
        claims=outputs.claims,
        figures=outputs.figures,
        figure_count=outputs.figure_count,
        formula_count=reader.formulas.count,
        full_plotly=any(map(needs_full_bundle, outputs.figures)),
        evaluates=any(map(needs_eval, outputs.figures)),
        notes=reader.missing.notes,
    )
    return page, reader.formulas
