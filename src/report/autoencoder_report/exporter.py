"""The nbconvert exporter: a notebook as one HTML file that needs no network and no kernel."""

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters.exporter import Exporter
from traitlets import default

from .assets import katex_css, plotly, static, styles, typefaces
from .page import Page, read_page
from .project import read_notebook
from .runnable import runnable
from .slides import slides_of

_KATEX = "/* katex */"


def templates() -> Environment:
    """The templates, with everything escaped that is not marked as HTML."""
    environment = Environment(
        loader=PackageLoader("autoencoder_report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        static=lambda name: Markup(static(name)),
        styles=lambda *names: Markup(styles(*names)),
        typefaces=lambda: Markup(typefaces()),
    )
    return environment


def policy(evaluates: bool = False, runs: bool = False) -> str:
    """A content security policy that lets inline code run and nothing reach the network.

    A page that runs compiles wasm, loads its cells from blobs and files that lie beside it.
    """
    scripts = "'unsafe-inline'"
    if runs:
        scripts += " 'wasm-unsafe-eval' blob: 'self'"
    if evaluates:
        scripts += " 'unsafe-eval'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; "
        "worker-src blob:; connect-src 'none'; frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'"
    )


def finish(text: str) -> str:
    """The page with KaTeX's styles for the formulas in it."""
    return text.replace(_KATEX, katex_css(text), 1)


def question_of(path: Path) -> str:
    """The first heading of a notebook's file, as plain text."""
    for cell in read_notebook(path).cells:
        if cell.cell_type == "markdown" and (
            found := re.search(r"^#\s+(.+?)\s*$", cell.source, re.M)
        ):
            return re.sub(r"[*`$\\]", "", found[1])
    return path.stem


def neighbors(name: str, folder: str) -> dict:
    """The chapters before and after one: { previous, next } of { href, title }, or None where there is none."""
    paths = sorted(Path(folder or ".").glob("[0-9][0-9]-*.ipynb"))
    names = [path.stem for path in paths]
    if name not in names:
        return {"previous": None, "next": None}
    i = names.index(name)

    def link(path: Path) -> dict:
        return {"href": f"{path.stem}.html", "title": question_of(path)}

    return {
        "previous": link(paths[i - 1]) if i > 0 else None,
        "next": link(paths[i + 1]) if i + 1 < len(paths) else None,
    }


class ReportExporter(Exporter):
    """Writes the page; formulas are typeset, figures, fonts and Plotly embedded.

    Throws ReportError, naming the cell, for a formula that does not parse, a figure that cannot be drawn offline, an image on the network.
    """

    export_from_notebook = "Self-contained report"
    output_mimetype = "text/html"
    template = "page.html.j2"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb, resources=None, **kw):
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        metadata = resources.get("metadata", {})
        name, folder = metadata.get("name") or "notebook", metadata.get("path") or ""
        page, formulas = read_page(nb, name, folder)
        runs = runnable(nb, name) if self.template == "page.html.j2" else None
        text = (
            templates()
            .get_template(self.template)
            .render(
                page=page,
                name=name,
                number=_chapter_number(name),
                run=nb.metadata.get("report"),
                policy=policy(page.evaluates, runs=runs is not None),
                runnable=runs,
                plotly=Markup(plotly(page.full_plotly)) if page.figures else "",
                **self._more(page, name, folder),
            )
        )
        page.question, page.answer = (
            Markup(formulas.fill(page.question)),
            Markup(formulas.fill(page.answer)),
        )
        resources["page"] = page
        return finish(formulas.fill(text)), resources

    def _more(self, _page: Page, name: str, folder: str) -> dict:
        return neighbors(name, folder)


class SlidesExporter(ReportExporter):
    """Writes the same notebook as slides, for a projector."""

    export_from_notebook = "Self-contained slides"
    template = "slides.html.j2"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".slides.html"

    def _more(self, page: Page, _name: str, _folder: str) -> dict:
        return {"slides": slides_of(page)}


def _chapter_number(name: str) -> str:
    found = re.match(r"(\d+)-", name)
    return str(int(found[1])) if found else ""
