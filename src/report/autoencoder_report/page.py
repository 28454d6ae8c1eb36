"""A notebook as the model of a page: prose, code, outputs, figures, claims."""

import base64
import html
import re
from dataclasses import dataclass, field

from markupsafe import Markup
from nbconvert.filters.ansi import ansi2html
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from . import ReportError
from .claims import Claim, parse_claim
from .figures import PLOTLY, check_figure, needs_eval, needs_full_bundle, script_json
from .formulas import Formulas, renumbers
from .prose import Heading, Prose

_CAPTION = re.compile(r'^\s*<p class="ae-caption"[^>]*>(.*?)</p>\s*$', re.S)
_FIGCAPTION = re.compile(r"<figcaption\b[^>]*>(.*?)</figcaption>", re.S)
_WITH_FIGURE = re.compile(r"^\s*<figure\b")


@dataclass
class Output:
    """One output; which fields are filled depends on `kind`: text, stderr, error, claims, figure, drawing, html, image."""

    kind: str
    html: Markup = Markup("")
    claims: list[Claim] = field(default_factory=list)
    number: int = 0
    caption: Markup = Markup("")
    alt: str = ""
    height: int = 0
    spec: Markup = Markup("")


@dataclass
class Block:
    """A cell: prose (`html`), or code (`html`, its `source`, its `number` among cells with code) with outputs."""

    kind: str
    html: Markup = Markup("")
    source: str = ""
    first_line: str = ""
    lines: int = 0
    outputs: list[Output] = field(default_factory=list)
    solution: bool = False
    hidden: bool = False
    number: int = 0


@dataclass
class Page:
    """All of a page but its place in the series. `question` and `answer` are HTML without formulas' marks."""

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

    @property
    def broken(self) -> list[Claim]:
        """The claims that do not hold."""
        return [claim for claim in self.claims if not claim.holds]


def where(index: int, cells: int, source: str) -> str:
    """How a message names a cell: its position and its first line."""
    first = next((line.strip() for line in source.splitlines() if line.strip()), "")
    first = first if len(first) <= 60 else f"{first[:57]}..."
    return f"cell {index + 1} of {cells} ({first})" if first else f"cell {index + 1} of {cells}"


class _Reader:
    def __init__(self, notebook, folder: str):
        self.notebook = notebook
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        self.formulas = Formulas(automatic=renumbers(sources))
        self.prose = Prose(self.formulas, folder)
        language = notebook.metadata.get("language_info", {})
        self.lexer = _lexer(language.get("pygments_lexer") or language.get("name") or "typescript")
        self.claims: list[Claim] = []
        self.figures: list[dict] = []
        self.figure_count = 0

    def blocks(self) -> list[Block]:
        cells = self.notebook.cells
        read = []
        number = 0  # of the code cell, from 1
        for i, cell in enumerate(cells):
            place = where(i, len(cells), cell.source)
            tags = cell.metadata.get("tags", [])
            solution = "solution" in tags
            if cell.cell_type == "markdown":
                shown = self.prose.render_cell(cell.source, place, cell.get("attachments"))
                read.append(Block("prose", Markup(shown), solution=solution))
            elif cell.cell_type == "code" and (cell.source.strip() or cell.get("outputs")):
                number += bool(cell.source.strip())
                hidden = (
                    bool(cell.metadata.get("jupyter", {}).get("source_hidden")) and not solution
                )
                lines = [line for line in cell.source.splitlines() if line.strip()]
                read.append(
                    Block(
                        "code",
                        Markup(highlight(cell.source, self.lexer, HtmlFormatter(nowrap=True))),
                        cell.source,
                        lines[0].strip() if lines else "",
                        len(lines),
                        self._outputs(cell, place),
                        solution,
                        hidden,
                        number,
                    )
                )
        return read

    def _outputs(self, cell, place: str) -> list[Output]:
        read: list[Output] = []
        for output in _coalesced(cell.get("outputs", [])):
            kind = output.output_type
            if kind == "stream" and output.name == "stdout":
                read += self._stdout(output.text)
            elif kind == "stream":
                read.append(Output("stderr", Markup(ansi2html(_overwritten(output.text)))))
            elif kind == "error":
                read.append(self._error(output))
            elif kind in {"display_data", "execute_result"}:
                read += self._bundle(output, place, read)
        return read

    def _stdout(self, text: str) -> list[Output]:
        read: list[Output] = []
        pending: list[str] = []

        def flush() -> None:
            if any(line.strip() for line in pending):
                read.append(Output("text", Markup(ansi2html("\n".join(pending).strip("\n")))))
            pending.clear()

        for line in _overwritten(text).split("\n"):
            claim = parse_claim(line)
            if claim is None:
                pending.append(line)
                continue
            flush()
            if not read or read[-1].kind != "claims":
                read.append(Output("claims"))
            read[-1].claims.append(self._count(claim))
        flush()
        return read

    def _count(self, claim: Claim) -> Claim:
        counted = Claim(
            claim.text, claim.measured, claim.bound, claim.margin, claim.holds, len(self.claims) + 1
        )
        self.claims.append(counted)
        return counted

    def _error(self, output) -> Output:
        if broken := parse_claim(output.evalue):
            return Output("claims", claims=[self._count(broken)])
        trace = "\n".join(output.get("traceback", [])) or f"{output.ename}: {output.evalue}"
        return Output("error", Markup(ansi2html(trace)), alt=output.ename)

    def _bundle(self, output, place: str, before: list[Output]) -> list[Output]:
        data = output.data
        if PLOTLY in data:
            return [self._figure(data[PLOTLY], place)]
        if "text/html" in data:
            return self._html(data["text/html"], before)
        if "text/markdown" in data:
            shown = self.prose.render_cell(data["text/markdown"], place)
            return [Output("html", Markup(f'<div class="prose">{shown}</div>'))]
        if "text/latex" in data:
            self.formulas.where = place
            tex = data["text/latex"].strip().strip("$")
            return [Output("html", Markup(self.formulas.display(f"{tex}\\notag")))]
        for kind, encoded in (
            ("image/svg+xml", False),
            ("image/png", True),
            ("image/jpeg", True),
            ("image/gif", True),
        ):
            if kind in data:
                raw = (
                    data[kind].replace("\n", "")
                    if encoded
                    else base64.b64encode(data[kind].encode()).decode()
                )
                alt = (
                    output.metadata.get("alt")
                    or data.get("text/plain")
                    or "A picture that this cell drew"
                )
                picture = f'<img alt="{html.escape(alt, quote=True)}" src="data:{kind};base64,{html.escape(raw)}">'
                return [Output("image", Markup(picture))]
        if "text/plain" in data:
            return self._stdout(data["text/plain"])
        return []

    def _figure(self, figure: dict, place: str) -> Output:
        check_figure(figure, place)
        self.figures.append(figure)
        self.figure_count += 1
        layout = figure.get("layout") or {}
        meta = layout.get("meta") if isinstance(layout.get("meta"), dict) else {}
        caption = str(meta.get("caption", ""))
        title = layout.get("title")
        words = title.get("text", "") if isinstance(title, dict) else (title or "")
        return Output(
            "figure",
            number=self.figure_count,
            caption=Markup(html.escape(caption)),
            alt=str(meta.get("alt") or caption or words or f"Figure {self.figure_count}"),
            height=int(layout.get("height") or 360),
            spec=Markup(
                script_json({key: figure.get(key) or {} for key in ("data", "layout", "config")})
            ),
        )

    def _html(self, markup: str, before: list[Output]) -> list[Output]:
        if not markup.strip():
            return []
        if caption := _CAPTION.match(markup):
            last = before[-1] if before else None
            if last and last.kind == "figure":
                last.caption = last.caption or Markup(caption[1])
                return []
            if last and last.kind in {"html", "image"}:
                self.figure_count += 1
                last.kind, last.number, last.caption = (
                    "drawing",
                    self.figure_count,
                    Markup(caption[1]),
                )
                return []
            return [Output("html", Markup(f'<p class="ae-caption">{caption[1]}</p>'))]
        if _WITH_FIGURE.match(markup) and len(_FIGCAPTION.findall(markup)) == 1:
            self.figure_count += 1
            caption = _FIGCAPTION.search(markup)
            inner = re.sub(r"^\s*<figure\b", "<div", _FIGCAPTION.sub("", markup))
            inner = re.sub(r"</figure>\s*$", "</div>", inner)
            return [
                Output(
                    "drawing", Markup(inner), number=self.figure_count, caption=Markup(caption[1])
                )
            ]
        return [Output("html", Markup(markup))]


def _lexer(name: str):
    try:
        return get_lexer_by_name(name)
    except ClassNotFound:
        return get_lexer_by_name("text")


def _coalesced(outputs: list) -> list:
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (
            output.output_type == "stream"
            and last
            and last.output_type == "stream"
            and last.name == output.name
        ):
            last.text += output.text
        else:
            joined.append(output.copy() if output.output_type == "stream" else output)
    return joined


def _overwritten(text: str) -> str:
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


_SENTENCE = re.compile(r"^\s*<p><strong>(.*?)</strong>", re.S | re.M)
_QUOTE = re.compile(r"<blockquote>\s*(?:<p>)?(.*?)(?:</p>)?\s*</blockquote>", re.S)


def _answer(blocks: list[Block]) -> str:
    for block in blocks[:4]:
        if block.kind != "prose":
            break
        before_sections = str(block.html).split("<h2", 1)[0]
        for pattern in (_QUOTE, _SENTENCE, re.compile(r"<strong>(.*?)</strong>", re.S)):
            if found := pattern.search(before_sections):
                return re.sub(r"</?p>", " ", found[1]).strip()
    return ""


def _without_links(words: str) -> str:
    return re.sub(r"</?a\b[^>]*>", "", words)


def read_page(notebook, name: str, folder: str = "") -> tuple[Page, Formulas]:
    """The page of an executed notebook, with marks for formulas still in it, and the formulas that fill them.

    Throws ReportError that names the cell.
    """
    reader = _Reader(notebook, folder)
    blocks = reader.blocks()
    headings = reader.prose.headings
    title = next((h for h in headings if h.level == 1), None)
    words = _without_links(title.words) if title else html.escape(name)
    page = Page(
        title=re.sub(r"<[^>]+>|[\ue000-\ue004]\d*", "", html.unescape(words)).strip() or name,
        question=Markup(words),
        answer=Markup(_without_links(_answer(blocks))),
        blocks=blocks,
        contents=[
            Heading(h.level, h.id, _without_links(h.words)) for h in headings if h.level in {2, 3}
        ],
        claims=reader.claims,
        figures=reader.figures,
        figure_count=reader.figure_count,
        formula_count=reader.formulas.count,
        full_plotly=any(map(needs_full_bundle, reader.figures)),
        evaluates=any(map(needs_eval, reader.figures)),
    )
    if not blocks:
        raise ReportError(f"{name}: a notebook must have cells, got none")
    return page, reader.formulas
