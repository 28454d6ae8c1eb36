"""Markdown cells as HTML: anchors on headings, formulas, tables that scroll, links between chapters."""

import html
import re
from dataclasses import dataclass

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from . import ReportError
from .formulas import Formulas, is_display, split_display

_EQUATION = re.compile(r"\b([Ee]quations?|[Ee]qs?\.) \((\d+[a-z]?)\)")
_ON_THE_NETWORK = re.compile(r"^(?:https?:)?//")


@dataclass(frozen=True)
class Heading:
    """A heading of the page; `words` is its inner HTML with marks for formulas."""

    level: int
    id: str
    words: str


class Prose(IPythonRenderer):
    """Renders the markdown cells of one page, in order."""

    def __init__(self, formulas: Formulas, folder: str):
        super().__init__(escape=False, embed_images=True, exclude_anchor_links=True, path=folder)
        self._formulas = formulas
        self._ids: dict[str, int] = {}
        self.headings: list[Heading] = []

    def render_cell(self, source: str, where: str, attachments: dict | None = None) -> str:
        """A cell's HTML. Throws ReportError for an image on the network."""
        self._formulas.where = where
        self.attachments = attachments or {}
        return MarkdownWithMath(renderer=self).render(source)

    def text(self, text: str) -> str:
        shown = super().text(text)
        return _EQUATION.sub(lambda m: self._formulas.reference(f"{m[1]} ", m[2]), shown)

    def paragraph(self, text: str) -> str:
        pieces = split_display(text, self._formulas)
        return "".join(
            f"{p}\n" if is_display(p, self._formulas) else f"<p>{p}</p>\n" for p in pieces
        )

    def heading(self, text: str, level: int, **attrs) -> str:
        plain = html.unescape(re.sub(r"<[^>]+>|\ue000\d+\ue001", "", text)).strip()
        slug = re.sub(r"\s+", "-", plain) or f"section-{len(self.headings) + 1}"
        self._ids[slug] = self._ids.get(slug, 0) + 1
        if self._ids[slug] > 1:
            slug = f"{slug}-{self._ids[slug]}"
        self.headings.append(Heading(level, slug, text))
        name = html.escape(slug)
        anchor = (
            ""
            if level == 1
            else f'<a class="anchor" href="#{name}" aria-label="Link to this section">#</a>'
        )
        return f'<h{level} id="{name}">{text}{anchor}</h{level}>\n'

    def block_math(self, body: str) -> str:
        return self._formulas.display(body)

    def inline_math(self, body: str) -> str:
        return self._formulas.inline(body)

    def latex_environment(self, name: str, body: str) -> str:
        return self._formulas.display(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def table(self, text: str) -> str:
        return f'<div class="scroll"><table>{text}</table></div>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if not re.match(r"^[a-z]+:", url):
            url = re.sub(r"\.ipynb(?=$|#)", ".html", url)
        return super().link(text, url, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if _ON_THE_NETWORK.match(url):
            raise ReportError(
                f"{self._formulas.where}: an image must be a file or data, got {url}; put it into the repository"
            )
        return super().image(text, url, title)
