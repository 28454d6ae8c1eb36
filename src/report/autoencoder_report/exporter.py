"""Exporter of nbconvert: a notebook as one HTML file that needs no network and no kernel."""

import json
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters.exporter import Exporter
from nbformat.validator import NotebookValidationError
from traitlets import Bool, default
from traitlets.config import Application

from . import ReportError, where
from .assets import katex_css, plotly, static, styles, typefaces
from .links import Links
from .page import plain_title, read_page
from .project import complete, notebook_of, read_notebook, root
from .runnable import runnable

_KATEX = "/* katex */"


@cache
def _templates() -> Environment:
    """Templates that escape everything that is not marked as HTML."""
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


def render(template: str, **values) -> str:
    """A page with its styles; those of KaTeX are left to `finish`."""
    return _templates().get_template(template).render(**values)


def policy(evaluates: bool = False, runs: bool = False) -> str:
    """Content security policy: inline code runs, nothing reaches the network.

    A page that runs compiles wasm and loads its cells from blobs and files that lie beside it.
    Frames of outputs inherit the policy, and none may be led elsewhere.
    """
    running = " 'wasm-unsafe-eval' blob: 'self'" * runs
    evaluating = " 'unsafe-eval'" * evaluates
    return (
        f"default-src 'none'; script-src 'unsafe-inline'{running}{evaluating}; "
        "style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:; "
        "connect-src 'none'; frame-src 'none'; object-src 'none'; base-uri 'none'; "
        "form-action 'none'"
    )


def finish(text: str) -> str:
    """Page with KaTeX's styles for the formulas in it."""
    return text.replace(_KATEX, katex_css(text), 1)


def question_of(path: Path) -> str:
    """First heading of a notebook's file as plain text; the file's name where it has none."""
    try:
        cells = read_notebook(path).cells
    except ReportError:
        return path.stem
    for cell in cells:
        found = cell.cell_type == "markdown" and re.search(r"^#\s+(.+?)\s*$", cell.source, re.M)
        if found:
            return plain_title(found[1]) or path.stem
    return path.stem


def _of_series(folder: str) -> bool:
    """True for the folder of the chapters, False for a notebook of somebody else."""
    return Path(folder).resolve() == root() / "notebooks"


def neighbors(name: str, folder: str, links: Links) -> dict:
    """Chapters before and after one, { href, title } each, and the index; None for a dead link."""
    paths = sorted(Path(folder or ".").glob("[0-9][0-9]-*.ipynb"))
    names = [path.stem for path in paths]
    i = names.index(name) if name in names else -2

    def link(j: int) -> dict | None:
        if i < 0 or not 0 <= j < len(paths) or not (href := links.page(paths[j].stem)):
            return None
        return {"href": href, "title": question_of(paths[j])}

    index = links.page("index") if _of_series(folder) else None
    return {"previous": link(i - 1), "next": link(i + 1), "index": index}


def _beside(folder: Path) -> set[str]:
    """Names of pages in a folder, with those that the running `jupyter nbconvert` makes there."""
    app = Application.instance() if Application.initialized() else None
    asked = [Path(notebook) for notebook in getattr(app, "notebooks", [])]
    made = {path.stem for path in asked if path.parent.resolve() == folder.resolve()}
    return made | {path.stem for path in folder.glob("*.html")}


@cache
def home() -> str:
    """Published address of the pages, as package.json has it, or nothing."""
    package = json.loads((root() / "package.json").read_text("utf-8"))
    address = str(package.get("homepage", ""))
    return address if address.startswith("https://") and "github.com" not in address else ""


class ReportExporter(Exporter):
    """Writes the page; formulas are typeset, figures, fonts and Plotly embedded.

    Throws ReportError, naming the cell, for an output that is malformed; where it is strict, also
    for a formula of a text that does not parse.
    """

    # JupyterLab's menu shows the name of the entry point, "report", with a capital letter.
    export_from_notebook = "Report"
    output_mimetype = "text/html"
    # Validating after every preprocessor takes most of the time of a notebook of many outputs.
    optimistic_validation = True
    standalone = Bool(False, help="Embed all data that the notebook reads.").tag(config=True)
    strict = Bool(False, help="Refuse formulas of a text that do not parse.").tag(config=True)

    def __init__(self, *args, beside: set[str] | None = None, **kw):
        super().__init__(*args, **kw)
        self._beside = beside

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_file(self, file_stream, resources=None, **kw):
        try:
            notebook = notebook_of(file_stream.read())
        except UnicodeDecodeError as error:
            raise ReportError(f"the file must hold a notebook, got {error}") from error
        return self.from_notebook_node(notebook, resources, **kw)

    def from_notebook_node(self, nb, resources=None, **kw):
        complete(nb)
        try:
            nb, resources = super().from_notebook_node(nb, resources, **kw)
        except NotebookValidationError as error:
            raise ReportError(_malformed(error, nb)) from None
        metadata = resources.get("metadata", {})
        name, folder = metadata.get("name") or "notebook", metadata.get("path") or ""
        links = Links(_beside(Path(folder)) if self._beside is None else self._beside, home())
        page, formulas = read_page(nb, name, folder, links, self.strict)
        runs = runnable(nb, name, self.standalone)
        of_series = _of_series(folder)
        chapter = of_series and re.match(r"(\d+)-", name)
        text = render(
            "page.html.j2",
            page=page,
            series="Autoencoders" if of_series else name,
            number=str(int(chapter[1])) if chapter else "",
            run=_run_of(nb),
            policy=policy(page.evaluates, runs=runs is not None),
            runnable=runs,
            plotly=plotly(page.full_plotly) if page.figures else "",
            **neighbors(name, folder, links),
        )
        page.question = Markup(formulas.fill(page.question))
        page.answer = Markup(formulas.fill(page.answer))
        resources["page"] = page
        text = finish(formulas.fill(text))
        page.notes = [formulas.plain(note) for note in page.notes]
        for note in page.notes:
            self.log.warning("%s: %s", name, note)
        return text, resources


def _malformed(error: NotebookValidationError, notebook) -> str:
    """Sentence about a part of a notebook that is not as nbformat has it."""
    inner = getattr(error, "original", error)
    path = list(getattr(inner, "absolute_path", []))
    got = repr(getattr(inner, "instance", None))[:80]
    place = "the notebook"
    if path[:1] == ["cells"] and len(path) > 1:
        source = notebook.cells[path[1]].get("source")
        place = where(path[1], len(notebook.cells), source if isinstance(source, str) else "")
        path = path[2:]
    part = ".".join(map(str, path)) or "it"
    return f"{place}: {part} must be as nbformat has it, got {got}"


def _run_of(notebook) -> dict | None:
    """Record of the run that the runner left in the notebook; None for one of somebody else."""
    run = notebook.metadata.get("report")
    kinds = {"date": str, "seconds": (int, float), "seed": (str, int), "versions": dict}
    ours = isinstance(run, dict) and all(isinstance(run.get(k), kinds[k]) for k in kinds)
    return run if ours else None
