"""nbconvert exporter: a notebook as one HTML file that needs no network."""
import html
import json
import re
from pathlib import Path

from jinja2 import pass_context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from .assets import CARTESIAN, HERE, katex_css, plotly, typeset
from .claims import claims_of

PLOTLY = "application/vnd.plotly.v1+json"
PRIORITY = [PLOTLY, "text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]


class ReportExporter(HTMLExporter):
    """Figures, formulas and fonts are embedded; a formula that does not parse fails the export."""

    export_from_notebook = "Self-contained report"

    @property
    def extra_template_basedirs(self):
        return [str(HERE / "templates")]

    def _template_name_default(self):
        return "autoencoder"

    @property
    def default_config(self):
        config = super().default_config
        config.NbConvertBase.display_data_priority = PRIORITY
        return config

    def default_filters(self):
        yield from super().default_filters()
        yield "script_json", lambda data: json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")

    @pass_context
    def markdown2html(self, context, source):
        exporter = self

        class Renderer(IPythonRenderer):
            def block_math(self, body):
                return exporter._formula(body, True)

            def inline_math(self, body):
                return exporter._formula(body, False)

            def latex_environment(self, name, body):
                return exporter._formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)

        cell = context.get("cell", {})
        renderer = Renderer(escape=False, attachments=cell.get("attachments", {}) if cell else {})
        return MarkdownWithMath(renderer=renderer).render(source)

    def _formula(self, tex, display):
        self._formulas.append({"tex": tex, "display": display})
        return f"\x00formula{len(self._formulas) - 1}\x00"

    def from_notebook_node(self, nb, resources=None, **kw):
        self._formulas = []
        figures = [o.data[PLOTLY] for c in nb.cells for o in c.get("outputs", []) if PLOTLY in o.get("data", {})]
        full = any(trace.get("type", "scatter") not in CARTESIAN for f in figures for trace in f.get("data", []))
        resources = dict(resources or {})
        resources["report"] = {
            "katex_css": katex_css(),
            "css": (HERE / "page.css").read_text(),
            "script": (HERE / "page.js").read_text(),
            "plotly": plotly(full) if figures else "",
            "claims": claims_of(nb),
            "previous": resources.get("previous"),
            "next": resources.get("next"),
        }
        page, resources = super().from_notebook_node(nb, resources, **kw)
        return self._finish(page), resources

    def _finish(self, page):
        done = typeset(self._formulas)
        number = 0

        def formula(match):
            nonlocal number
            i = int(match[1])
            if not self._formulas[i]["display"]:
                return done[i]
            number += 1
            return f'<span class="equation" id="equation-{number}">{done[i]}<a class="number" href="#equation-{number}" aria-label="Equation {number}">({number})</a></span>'

        page = re.sub(r"\x00formula(\d+)\x00", formula, page)
        headings = re.findall(r'<h([23]) id="([^"]+)"[^>]*>(.*?)</h\1>', page, re.S)
        plain = lambda text: html.escape(html.unescape(re.sub(r"<[^>]+>", "", re.sub(r'<span class="katex-html".*?</span></span></span>', "", text)))).replace("¶", "").strip()
        contents = "\n".join(f'<a class="h{level}" href="#{id}">{plain(text)}</a>' for level, id, text in headings)
        return page.replace("<!--contents-->", contents, 1)
