"""Markdown cells as HTML: anchors on headings, formulas, tables that scroll, harmless markup."""

import html
import re
from dataclasses import dataclass, replace

from mistune.util import escape as escape_attribute
from nbconvert.filters.markdown_mistune import (
    IPythonRenderer,
    MarkdownWithMath,
    MathInlineParser,
)
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from .formulas import MONEY, Formulas, accented
from .sanitize import Sanitizer, is_reserved
from .tables import tables

_CODE = re.compile(r"<code\b[^<>]*>.*?</code>", re.S)
_REFERENCE = re.compile(r"\\(?:eq)?ref\{[^{}<>]*\}")
_EQUATION = re.compile(r"\b([Ee]quations?|[Ee]qs?\.) \((\d+[a-z]?)\)")


@dataclass(frozen=True)
class Heading:
    """A heading of the page; `words` is its inner HTML with marks for formulas."""

    level: int
    id: str
    words: str


class _Inline(MathInlineParser):
    """Takes amounts of money for text."""

    SPECIFICATION = {
        **MathInlineParser.SPECIFICATION,
        "inline_math_tex": rf"(?<![$\\])\${MONEY}(?s:(?P<math_inline_tex>.+?))(?<![$\\])\$",
    }


class Prose(IPythonRenderer):
    """Renders the markdown cells of one page, in order."""

    def __init__(self, formulas: Formulas, sanitizer: Sanitizer):
        super().__init__(escape=False, exclude_anchor_links=True)
        self.formulas = formulas
        self._sanitizer = sanitizer
        self._ids: dict[str, int] = {}
        self.headings: list[Heading] = []

    def render_cell(self, source: str) -> str:
        """A cell's HTML, sanitized, with pictures embedded."""
        first = len(self.headings)
        markdown = MarkdownWithMath(renderer=self, inline=_Inline(hard_wrap=False))
        markdown.use(tables)
        rendered = self._sanitizer.clean(markdown.render(source))
        for i, heading in enumerate(self.headings[first:], first):
            self.headings[i] = replace(heading, words=self._sanitizer.words(heading.words))
        return _CODE.sub(lambda code: accented(code[0]), rendered)

    def text(self, text: str) -> str:
        shown = self.formulas.letters(super().text(text))
        shown = _REFERENCE.sub(lambda m: self.formulas.inline(m[0]), shown)
        return _EQUATION.sub(lambda m: self.formulas.reference(f"{m[1]} ", m[2]), shown)

    def paragraph(self, text: str) -> str:
        pieces = self.formulas.split_display(text)
        return "".join(f"{p}\n" if self.formulas.is_display(p) else f"<p>{p}</p>\n" for p in pieces)

    def heading(self, text: str, level: int, **attrs) -> str:
        words = re.sub(r"<[^>]+>", "", self._sanitizer.words(text))
        words = re.sub("\ue000\\w+\ue001", "", words)
        slug = re.sub(r"[\s\"'<>]+", "-", html.unescape(words).strip()).strip("-")
        slug = slug or f"section-{len(self.headings) + 1}"
        slug = f"section-{slug}" if is_reserved(slug) else slug
        self._ids[slug] = self._ids.get(slug, 0) + 1
        if self._ids[slug] > 1:
            slug = f"{slug}-{self._ids[slug]}"
        self.headings.append(Heading(level, slug, text))
        name = html.escape(slug)
        link = f'<a class="anchor" href="#{name}" aria-label="Link to this section">#</a>'
        return f'<h{level} id="{name}">{text}{"" if level == 1 else link}</h{level}>\n'

    def block_html(self, html: str) -> str:
        return super().block_html(self.formulas.within(html))

    def block_math(self, body: str) -> str:
        return self.formulas.display(body)

    def inline_math(self, body: str) -> str:
        return self.formulas.inline(body)

    def latex_environment(self, name: str, body: str) -> str:
        return self.formulas.display(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def block_code(self, code: str, info: str | None = None) -> str:
        """Listing; a language that has no colors is left out, as in JupyterLab."""
        language = (info or "").split()[:1]
        try:
            if language and not language[0].startswith("mermaid"):
                get_lexer_by_name(language[0])
        except ClassNotFound:
            info = None
        return super().block_code(code, info)

    def table(self, text: str) -> str:
        return f'<div class="scroll"><table>{text}</table></div>\n'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        named = f' title="{escape_attribute(title)}"' if title else ""
        words = html.unescape(re.sub(r"<[^>]+>", "", text))
        return f'<img alt="{escape_attribute(words)}" src="{escape_attribute(url)}"{named}>'
