"""Tests of notebooks that strangers bring: HTML, pictures, outputs, tags, links, sizes."""

import base64
import html
import io
import itertools
import json
import random
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from autoencoder_report import ReportError, project
from autoencoder_report.exporter import ReportExporter
from autoencoder_report.formulas import plain_tex
from autoencoder_report.links import Links
from autoencoder_report.live import live_figure
from autoencoder_report.page import plain_title, read_page
from autoencoder_report.sanitize import safe_style
from nbformat import from_dict, v4, write

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
BYTES = {
    "png": PNG,
    "jpg": b"\xff\xd8\xff\xe0",
    "gif": b"GIF89a",
    "webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "avif": b"\x00\x00\x00\x1cftypavif",
    "svg": b'<svg width="4"><circle r="1"/></svg>',
}


def display(data, metadata=None):
    return v4.new_output("display_data", data=data, metadata=metadata or {})


def code(source="x", *outputs, **metadata):
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def export(*cells, folder="", name="03-test", beside=None, strict=False):
    made = [v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    given = {"metadata": {"name": name, "path": folder}}
    text, resources = ReportExporter(beside=beside, strict=strict).from_notebook_node(
        v4.new_notebook(cells=made), given
    )
    main = text.split('<main id="main">')[1].split("</main>")[0]
    return main, resources["page"].notes


def body(*cells, **given):
    return export(*cells, **given)[0]


class InlineHtml(unittest.TestCase):
    def test_every_inline_element_keeps_its_content_at_every_place_of_a_line(self):
        tags = [
            "sup",
            "sub",
            "kbd",
            "b",
            "i",
            "em",
            "u",
            "mark",
            "small",
            "span",
            "del",
            "q",
            "var",
        ]
        for tag, (before, after) in itertools.product(
            tags, [("x", "y"), ("", ""), ("**a** ", " `c`"), ("- ", ""), ("> ", " $z$")]
        ):
            page = body(f"# T\n\n{before}<{tag}>in {tag}</{tag}>{after}")
            self.assertIn(f"<{tag}>in {tag}</{tag}>", page)

    def test_links_colors_and_details_with_blank_lines_keep_what_is_in_them(self):
        page = body(
            '# T\n\n<a href="https://a.b">link</a> <span style="color:red">red</span>\n\n'
            "<details><summary>More</summary>\n\nHidden **bold** $x$\n\n- item\n\n</details>\n\nAfter."
        )
        self.assertIn('<a href="https://a.b">link</a>', page)
        self.assertIn('<span style="--given:red">red</span>', page)
        hidden = page.split("<summary>More</summary>")[1].split("</details>")[0]
        for part in ("<strong>bold</strong>", "katex", "<li>item</li>"):
            self.assertIn(part, hidden)
        self.assertNotIn("After.", hidden)

    def test_the_language_of_a_listing_is_no_line_of_it(self):
        for info in ("unknownlang", "{warning} Title", "{.python .input}", "math", "", "text"):
            page = body(f"# T\n\n```{info}\nx < 1\n```")
            self.assertRegex(page, r"<pre>(<span></span>)?(<code>)?x &lt; 1\n")
        self.assertIn('class="k">def<', body('# T\n\n```python title="a b"\ndef f(): 1\n```'))
        self.assertIn('<pre class="mermaid">', body("# T\n\n```mermaid\nA-->B\n```"))

    def test_boxes_of_a_list_of_tasks_are_shown_as_done_or_not(self):
        done, open_ = '<span role="img" aria-label="done">☑', 'aria-label="not done">☐'
        page = body("# T\n\n- [x] a\n- [ ] b\n  - [X] c\n\n`<input type=checkbox>`")
        self.assertEqual((page.count(done), page.count(open_)), (2, 1))
        for box, shown in (("checked", done), ("disabled", open_)):
            for quote in ("", '"', "'"):
                page = body(f"# T\n\nsee <input {box} type={quote}checkbox{quote}> it")
                self.assertIn(shown, page)
        self.assertNotIn("<input", body("# T\n\n<input type=text value=checkbox>"))

    def test_text_in_any_language_and_of_any_sign_stays(self):
        rng = random.Random(1)
        signs = "<>&\"'\\`*_[]()!#|~^{}\ue000\ue001\ue002\ufffd\u200b中文لا😀x̂\t"
        for _ in range(60):
            text = "".join(rng.choice(signs + "ab ") for _ in range(40))
            page = body("# T", v4.new_raw_cell(text), code("x", v4.new_output("stream", text=text)))
            page = re.sub('<span class="(?:accent|mark)"[^<>]*>|</span>', "", page)
            self.assertEqual(
                html.unescape(page).count(text.strip()), 2 if text.strip() else 0, text
            )

    def test_half_a_surrogate_pair_becomes_a_sign_that_can_be_saved(self):
        page = body("# T \ud83d", code("'\udc00'", v4.new_output("stream", text="half \ud83d end")))
        page.encode("utf-8")
        self.assertIn("half \ufffd end", page)


class Sanitized(unittest.TestCase):
    ATTACKS = (
        "<script>attack()</script>",
        "<img src=x onerror=attack()>",
        '<a href="javascript:attack()">k</a>',
        '<a href=" &#106;ava\tscript:attack()">k</a>',
        '<a href="data:text/html,<script>attack()</script>">k</a>',
        "<svg onload=attack()><animate attributeName=href to=javascript:attack() /></svg>",
        '<svg><use href="data:image/svg+xml,attack()"></use></svg>',
        '<iframe srcdoc="<script>attack()</script>"></iframe>',
        '<math><mi xlink:href="javascript:attack()">x</mi></math>',
        "<input autofocus onfocus=attack()>",
        '<meta http-equiv="refresh" content="0;url=javascript:attack()">',
        '<form action="javascript:attack()"><button>b</button></form>',
        "<noscript><p title='</noscript><img src=x onerror=attack()>'>",
        "<style>@import 'javascript:attack()'</style>",
        "[k](javascript:attack())",
        "![k](javascript:attack())",
    )

    def places(self, attack):
        yield "title", body(f"# T {attack}\n\n**a**")
        yield "prose", body(f"# T\n\ntext {attack} text")
        yield "block", body(f"# T\n\n{attack}")
        yield "markdown", body("# T", code("x", display({"text/markdown": attack})))
        caption = f'<p class="ae-caption">{attack}</p>'
        yield "caption", body("# T", code("x", display({"text/html": caption})))
        drawn = f"<figure><svg></svg><figcaption>{attack}</figcaption></figure>"
        yield "drawing", body("# T", code("x", display({"text/html": drawn})))

    def test_no_script_of_a_title_a_text_a_markdown_output_or_a_caption_is_in_the_page(self):
        for attack in self.ATTACKS:
            for place, page in self.places(attack):
                page = re.sub(r'srcdoc="[^"]*"', "", page)
                live = re.findall(r"<[^<>]*attack\(\)[^<>]*>|<script>attack", page)
                live = [tag for tag in live if not tag.startswith(("<span class", "<p class"))]
                self.assertEqual(live, [], f"{place}: {attack}")

    def test_names_and_classes_of_the_page_cannot_be_taken(self):
        for name in ("main", "theme", "plotly", "figure-1", "claim-1", "notebook", "page-kernel"):
            page = body(f'# T\n\n## {name}\n\n<b id="{name}" class="claims holds">b</b>')
            self.assertNotIn(f'id="{name}"', page)
            self.assertIn("<b>b</b>", page)

    def test_styles_that_leave_their_place_are_dropped_and_others_stay(self):
        for bad in (
            "position:fixed", "position: absolute", "z-index:9", "transform:scale(9)", "inset:0",
            "margin:-99px", "MARGIN-TOP:-9px", "background:url(x)", "background:\\75rl(x)",
        ):  # fmt: skip
            self.assertEqual(safe_style(bad), "")
        self.assertEqual(
            safe_style("color: red; text-align:center;"), "text-align:center;--given:red"
        )

    def test_a_ground_keeps_the_colors_of_the_light_and_words_alone_follow_the_theme(self):
        for style, kept in [
            ("color: Navy !important", "--given:Navy"),
            ("color:inherit", "color:inherit"),
            ("color:var(--ink)", "color:var(--ink)"),
            ("background:#eee", "background:#eee;color-scheme:light"),
            ("background:#eee none;color:red", "background:#eee none;color:red;color-scheme:light"),
            ("background: none; color: red", "background:none;--given:red"),
            ("background-color:rgba(1, 2, 3, .25)", "background-color:rgba(1, 2, 3, .25)"),
            ("background:rgba(1,2,3,0.5)", "background:rgba(1,2,3,0.5);color-scheme:light"),
        ]:
            self.assertEqual(safe_style(style), kept)
        for old in (
            'color="red" face="x"',
            "face=x color=red",
            "face=x color='red' style='width:1px'",
        ):
            self.assertRegex(
                body(f"# T\n\n<font {old}>t</font>"), r"<font [^<>]*--given:red[^<>]*>t"
            )


class Titles(unittest.TestCase):
    def test_a_title_reads_as_words_where_no_markup_can_stand(self):
        for source, words in {
            "What is `Array<number>` & <b onclick=x>c</b>?": "What is Array<number> & c?",
            "Why $\\hat\\rho_j$ *falls*": "Why ρ̂ⱼ falls",
            "A [link](x.html) <script>1</script>": "A link",
        }.items():
            self.assertEqual(plain_title(source), words)

    def test_a_title_may_be_html_and_a_note_on_the_console_reads_as_words(self):
        notebook = v4.new_notebook(
            cells=[
                v4.new_markdown_cell("<h1 align='center'>The <b>title</b></h1>\n\n![$w_1$](no.png)")
            ]
        )
        _, resources = ReportExporter().from_notebook_node(notebook, {"metadata": {"name": "n"}})
        self.assertEqual(resources["page"].title, "The title")
        self.assertRegex(resources["page"].notes[0], "no such file, “w₁”$")

    def test_a_formula_in_unicode(self):
        for tex, plain in {
            "\\hat{x}_i": "x̂ᵢ", "\\lambda\\sum|h|": "λ∑|h|", "W_2^\\top": "W₂^top", "\\|x\\|^2": "‖x‖²",
            "\\mathcal{L}": "L", "x_{ij}": "xᵢⱼ",
        }.items():  # fmt: skip
            self.assertEqual(plain_tex(tex), plain)


class Pictures(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.root = Path(held.name)
        self.folder = self.root / "a" / "notebooks"
        for place in ("a/notebooks/img", "a/img", "img"):
            (self.root / place).mkdir(parents=True)
            for kind, data in BYTES.items():
                (self.root / place / f"a b.{kind}").write_bytes(data)
                (self.root / place / f"é.{kind}").write_bytes(data)
        (self.root / "a/notebooks/img/secret.png").write_text("no picture at all")

    def test_every_picture_near_the_notebook_is_embedded_however_it_is_named(self):
        for folder, kind, name in itertools.product(
            ("img", "./img", "../img", "../../img"), BYTES, ("a b", "a%20b", "é", "%C3%A9")
        ):
            source = f"{folder}/{name}.{kind}"
            ways = [
                f"![p](<{source}>)",
                f'<img src="{source}">',
                f'text <img width=9 src="{source}"/>',
            ]
            cells = [f"# T\n\n{way}" for way in ways]
            inert, active = (
                f'<p><img src="{source}"></p>',
                f'<img src="{source}"><script>1</script>',
            )
            cells += [code("x", display({"text/html": h})) for h in (inert, active)]
            page, notes = export(*cells, folder=str(self.folder))
            page = html.unescape(page)
            self.assertEqual((page.count('src="data:image/'), notes), (5, []), source)

    def test_attachments_are_embedded_in_markdown_and_in_tags(self):
        encoded = base64.b64encode(PNG).decode()
        for name in ("a.png", "a b.png", "é.png"):
            cell = v4.new_markdown_cell(
                f'![p](<attachment:{name}>) <img src="attachment:{name}">',
                attachments={name: {"image/png": encoded}},
            )
            page, notes = export("# T", cell)
            self.assertEqual((page.count("data:image/png;base64,iVBOR"), notes), (2, []))

    def test_a_picture_that_cannot_be_embedded_is_named_with_its_cell(self):
        for source, reason in {
            "https://example.org/x.png": "on the network",
            "//example.org/x.png": "on the network",
            "gone.png": "no such file",
            "/etc/passwd": "outside of the notebook",
            "../../../../../../../../etc/passwd": "outside of the notebook",
            "img/secret.png": "is no picture",
            "attachment:gone.png": "not have attached",
            "blob:x": "cannot open",
        }.items():
            for made in (f"![p]({source})", f'<img src="{source}">'):
                page, notes = export("# T", f"words {made} words", folder=str(self.folder))
                self.assertNotIn("<img", page)
                self.assertEqual(len(notes), 1, source)
                said = html.unescape(page.split('class="unshown"')[1].split("</span>")[0])
                self.assertIn(reason, said)
                self.assertTrue(source in said or source == "blob:x", said)
                self.assertIn("(cell 2 of 2)", said)

    def test_words_for_a_picture_are_without_markup(self):
        page, notes = export("# T\n\n![a *b* `c` < &amp; d](gone.png)")
        self.assertTrue(notes[0].endswith("“a b c < & d”"), notes)
        cell = v4.new_markdown_cell(
            '![a **"b"**](attachment:a.png)',
            attachments={"a.png": {"image/png": base64.b64encode(PNG).decode()}},
        )
        self.assertIn('<img alt="a &quot;b&quot;"', body("# T", cell))

    def test_an_svg_gets_the_namespaces_that_it_needs_as_a_picture(self):
        for svg in (
            '<svg width="4"><circle r="1"/></svg>',
            '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
            '<svg viewBox="0 0 1 1"><use xlink:href="#a"/>&nbsp;</svg>',
        ):
            page = body("# T", code("x", display({"image/svg+xml": svg})))
            drawn = base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", page)[1]).decode()
            self.assertEqual(drawn.count(' xmlns="http://www.w3.org/2000/svg"'), 1)
            import xml.etree.ElementTree as tree

            tree.fromstring(drawn)


class Outputs(unittest.TestCase):
    def test_every_type_is_shown_or_leaves_a_sentence(self):
        encoded = base64.b64encode(PNG).decode()
        for name in ("png", "jpeg", "gif", "webp", "avif", "bmp"):
            page, notes = export("# T", code("x", display({f"image/{name}": encoded})))
            self.assertIn(f'src="data:image/{name};base64,', page)
        for kind in ("audio/wav", "video/mp4", "audio/mpeg"):
            page = body("# T", code("x", display({kind: "AAAA"})))
            self.assertIn(f'controls aria-label="A recording of this cell, {kind}"', page)
        for kind in (
            "application/javascript", "application/vnd.vegalite.v5+json", "application/pdf",
            "application/geo+json", "application/vnd.jupyter.widget-view+json", "model/gltf+json",
            "x-made/up",
        ):  # fmt: skip
            value = {"a": 1} if re.match("application/.*json", kind) else "text"
            page, notes = export("# T", code("x", display({kind: value})))
            self.assertIn(f"an output of type {kind}", page)
            self.assertEqual(len(notes), 1)
            both = {kind: value, "text/plain": "in words"}
            page, _ = export("# T", code("x", display(both)))
            self.assertIn("in words", page)
            self.assertIn(f"an output of type {kind}", page)
        self.assertIn(
            "&#34;a&#34;: 1", body("# T", code("x", display({"application/json": {"a": 1}})))
        )
        self.assertIn("a,b", body("# T", code("x", display({"text/csv": "a,b\n1,2"}))))

    def test_json_is_shown_in_place_of_the_words_that_stand_for_it(self):
        bundle = {
            "application/json": {"a": [1]},
            "text/plain": "<IPython.core.display.JSON object>",
        }
        page, notes = export("# T", code("x", display(bundle)))
        self.assertIn("&#34;a&#34;: [", page)
        self.assertNotIn("IPython", page)
        self.assertEqual(notes, [])

    def test_an_error_shows_as_much_as_its_notebook_tells(self):
        for name, value, shown in (
            ("E", "v", "E: v"),
            ("E", "", "E"),
            ("", "v", "v"),
            ("", "", "an error without a message"),
        ):
            error = v4.new_output("error", ename=name, evalue=value, traceback=[])
            self.assertIn(f"<pre>{shown}</pre>", body("# T", code("x", error)))

    def test_what_an_output_loads_from_elsewhere_is_named(self):
        for tag, what in {
            '<script src="https://cdn.plot.ly/p.js"></script>': "a script of this output",
            "<script src='//cdn/p.js'></script>": "a script of this output",
            '<script type="module">import x from "https://esm.sh/x"</script>': "https://esm.sh/x",
            '<iframe src="https://youtube.com/embed"></iframe>': "a page in a frame",
            '<link rel="stylesheet" href="https://a/b.css">': "a style sheet",
            '<object data="x.pdf"></object>': "an embedded object",
            '<video src="https://a/b.mp4" controls></video>': "a recording, https://a/b.mp4",
        }.items():
            page, notes = export("# T", code("x", display({"text/html": f"<div></div>{tag}"})))
            self.assertIn('role="note"', page)
            self.assertTrue(any(what in note for note in notes), (tag, notes))
            self.assertNotRegex(html.unescape(page), r"<(?:iframe|embed)\b[^<>]* src=.https:")

    def test_a_film_on_the_network_shows_the_picture_that_its_output_has_of_it(self):
        film = '<iframe width="4" src="https://film/embed/1" allowfullscreen></iframe>'
        encoded = base64.b64encode(PNG).decode()
        page, notes = export("# T", code("x", display({"text/html": film, "image/png": encoded})))
        self.assertIn('src="data:image/png;base64,', page)
        self.assertIn("https://film/embed/1; its picture stands in its place", notes[0])
        more = {"text/html": f"<p>words</p>{film}", "image/png": encoded}
        self.assertIn("sandbox", body("# T", code("x", display(more))))

    def test_html_that_shows_nothing_by_itself_leaves_a_note(self):
        bokeh = {"application/vnd.bokehjs_exec.v0+json": "", "text/html": "<div id='a'></div>"}
        sheet = "<style>div.input { display: none }</style> <!-- hidden -->"
        for data, what in {
            "an output of type application/vnd.bokehjs_exec.v0+json": bokeh,
            "a style sheet, which changes nothing outside": {"text/html": sheet},
        }.items():
            page, notes = export("# T", code("x", display(what)))
            self.assertEqual(len(notes), 1)
            self.assertIn(data, page)
        both = {"application/vnd.dataresource+json": {}, "text/html": "<p>seen</p>"}
        for shown in (both, {"text/html": "<style>p{}</style><p>seen</p>"}):
            self.assertEqual(export("# T", code("x", display(shown)))[1], [])

    def test_a_figure_on_a_map_leaves_a_note_and_frames_of_one_are_kept(self):
        plotly = "application/vnd.plotly.v1+json"
        for kind in ("scattergeo", "choropleth", "scattermapbox", "densitymap"):
            page, notes = export("# T", code("x", display({plotly: {"data": [{"type": kind}]}})))
            self.assertEqual(len(notes), 1)
            self.assertIn(f"a figure of type {kind}, whose map is on the network", page)
        frames = [{"name": "1", "data": [{"y": [1]}]}]
        page = body("# T", code("x", display({plotly: {"data": [{}], "frames": frames}})))
        spec = json.loads(re.search(r'class="spec">(.*?)</script>', page)[1])
        self.assertEqual(spec["frames"], frames)

    def test_a_data_frame_of_pandas_is_a_table_and_another_style_sheet_has_a_frame(self):
        table = "<table class='dataframe'><tr><td>1</td></tr></table>"
        rules = ".dataframe tbody tr th:only-of-type { vertical-align: middle; }\n .dataframe thead th { text-align: right; }"
        for sheet, framed in (
            (f"<style scoped>\n {rules}\n</style>", False),
            ("<style scoped></style>", False),
            (f"<style scoped>{rules} body {{ display: none }}</style>", True),
            ("<style scoped>.dataframe td { position: fixed } p{}</style>", True),
            (f"<style>{rules}</style>", True),
        ):
            page = body("# T", code("df", display({"text/html": f"<div>{sheet}{table}</div>"})))
            self.assertEqual("sandbox" in page, framed, sheet)

    def test_what_a_page_inside_of_an_output_loads_is_named(self):
        inner = html.escape('<script src="https://cdn.a/leaflet.js"></script><img src="x.png">')
        markup = f'<div><iframe srcdoc="{inner}" style="position:absolute"></iframe></div>'
        _, notes = export("# T", code("m", display({"text/html": markup})))
        self.assertEqual(len(notes), 1)
        self.assertTrue(notes[0].endswith("a script of this output, https://cdn.a/leaflet.js"))

    def test_pictures_inside_of_a_drawing_are_embedded_or_named(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a.png").write_bytes(PNG)
            svg = "<svg><image href='a.png'/><image xlink:href='https://a/b.png'/></svg>"
            cell = code("x", display({"image/svg+xml": svg}))
            page, notes = export("# T", cell, folder=folder)
            drawn = base64.b64decode(re.search(r"svg\+xml;base64,([^\"]+)", page)[1]).decode()
            self.assertIn('href="data:image/png;base64,', drawn)
            self.assertNotIn("https://a/b.png", drawn)
            self.assertRegex(notes[0], "a picture, https://a/b.png, which is on the network")
        live = "<script>1</script><img src='data:,' srcset='https://a/b.png 2x'>"
        self.assertNotIn(" srcset=", body("# T", code("x", display({"text/html": live}))))

    def test_what_is_in_a_comment_is_not_missed(self):
        hidden = "<!-- <script>1</script> <style>p{}</style> -->"
        self.assertEqual(export(f"# T\n\nwords {hidden} words\n\n{hidden}")[1], [])

    def test_html_that_runs_or_styles_has_a_frame_of_its_own_and_other_html_has_none(self):
        for markup in (
            "<script>1</script>", "<style>p{}</style>p", "<p onclick='x'>p</p>", "<iframe></iframe>",
            '<p style="position:fixed">p</p>', "<body><p>p</p></body>", "<input>", "<canvas></canvas>",
        ):  # fmt: skip
            page = body("# T", code("x", display({"text/html": markup})))
            self.assertIn('sandbox="allow-scripts"', page, markup)
        isolated = display({"text/html": "<p>p</p>"}, {"text/html": {"isolated": True}})
        self.assertIn("sandbox", body("# T", code("x", isolated)))
        for markup in (
            "<table><tr><td>1</td></tr></table>",
            "<p>p</p>",
            "<svg><circle r='1'/></svg>",
        ):
            self.assertNotIn("sandbox", body("# T", code("x", display({"text/html": markup}))))

    def test_an_output_of_the_wrong_shape_is_named_with_its_cell(self):
        for data in (
            {"text/html": 5}, {"text/html": None}, {"text/html": {"a": 1}}, {"image/png": 5},
            {"image/png": "not base64!"}, {"text/latex": []}, {"text/plain": [1]},
            {"application/vnd.plotly.v1+json": 5}, {"video/mp4": "<"},
        ):  # fmt: skip
            cell = code("draw()", v4.new_output("stream", text="x"))
            cell.outputs.append(v4.new_output("stream", text="x"))
            cell.outputs[1] = json.loads(json.dumps(cell.outputs[1]))
            notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# T"), cell])
            output = v4.new_output("display_data", data={})
            output.data = type(output)(data)
            cell.outputs[1] = output
            if data == {"text/latex": []}:
                continue
            with self.assertRaisesRegex(ReportError, r"cell 2 of 2 \(draw\(\)\)"):
                read_page(notebook, "03-test")

    def test_a_live_figure_of_the_library_is_known_by_its_code_and_every_change_of_it_is_not(self):
        program = (
            "const { sliders } = require('./src/autoencoders/dist/live');"
            "process.stdout.write(sliders({ formula: 'sixLosses', caption: 'C', sliders: "
            "[{ name: 'm', from: -2, to: 2, at: 0, step: 1 }] }).toBundle()['text/html'])"
        )
        ran = subprocess.run(
            [project.node(), "-e", program], cwd=project.root(), capture_output=True, text=True
        )
        figure = ran.stdout
        self.assertIsNotNone(live_figure(figure), ran.stderr[-300:])
        page = body("# T", code("x", display({"text/html": figure})))
        self.assertNotIn("sandbox", page)
        self.assertIn('<figure class="output drawing" id="figure-1">', page)
        for change in (
            figure.replace("</script>", ";attack()</script>"),
            figure.replace("<script>", "<script>attack();"),
            figure.replace("widget.mount(h,{", "widget.mount(h,{x:attack(),"),
            f"{figure}<script>attack()</script>",
        ):
            self.assertIsNone(live_figure(change))
            self.assertIn("sandbox", body("# T", code("x", display({"text/html": change}))))


class Malformed(unittest.TestCase):
    def test_a_picture_that_is_none_leaves_a_note_in_its_place(self):
        wrong = base64.b64encode(b"no picture at all").decode()
        for kind in ("png", "jpeg", "gif", "webp", "avif", "bmp"):
            for data in (wrong, ""):
                page, notes = export("# T", code("x", display({f"image/{kind}": data})))
                self.assertNotIn("<img", page)
                self.assertEqual(len(notes), 1, kind)
        page, notes = export("# T", code("x", display({"image/svg+xml": "words"})))
        self.assertEqual(("<img" in page, len(notes)), (False, 1))
        for made in (
            f"![p](data:image/png;base64,{wrong})",
            f'<img src="data:image/jpeg;base64,{wrong}">',
        ):
            page, notes = export(f"# T\n\n{made}")
            self.assertEqual(("<img" in page, len(notes)), (False, 1))
        cell = v4.new_markdown_cell("![p](attachment:a)", attachments={"a": {"image/png": wrong}})
        page, notes = export("# T", cell)
        self.assertEqual(("<img" in page, len(notes)), (False, 1))

    def test_a_picture_as_a_data_uri_is_shown(self):
        data = base64.b64encode(PNG).decode()
        page, notes = export(
            "# T", code("x", display({"image/png": f"data:image/png;base64,{data}"}))
        )
        self.assertEqual((notes, page.count(f'src="data:image/png;base64,{data}"')), ([], 1))

    def test_odd_metadata_changes_nothing(self):
        for own in ("isolated", [1], 5, None):
            page = body("# T", code("x", display({"text/html": "<b>bold</b>"}, {"text/html": own})))
            self.assertIn("<b>bold</b>", page)
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# T")])
        for run in ("yes", [1], {"versions": [1]}, {"date": 5, "versions": {}}, {}):
            notebook.metadata["report"] = run
            page, _ = ReportExporter().from_notebook_node(notebook, {"metadata": {}})
            self.assertNotIn("Run on", page)

    def test_keys_that_a_script_left_out_of_a_notebook_are_added(self):
        outputs = [
            {"output_type": "stream", "text": "printed"},
            {"output_type": "execute_result", "data": {"text/plain": "value"}},
            {"output_type": "display_data", "data": {"text/html": "<b>shown</b>"}},
            {"output_type": "error", "evalue": "failed"},
        ]
        cells = [
            {"cell_type": "markdown", "source": "# T"},
            {"cell_type": "code", "source": "first"},
            {"cell_type": "code", "source": ["sec", "ond"], "outputs": outputs},
        ]
        for given in ({}, {"metadata": {}}):
            text = json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": cells, **given})
            page, _ = ReportExporter().from_file(io.StringIO(text), {"metadata": {}})
            for words in ("first", "second", "printed", "value", "<b>shown</b>", "failed"):
                self.assertIn(words, page)

    def test_what_nbformat_refuses_is_named_with_its_cell(self):
        good = {"output_type": "display_data", "data": {"text/plain": "a"}, "metadata": {}}
        for change in (
            {"outputs": [None]}, {"outputs": {"a": 1}}, {"outputs": [{**good, "data": [1]}]},
            {"outputs": [{**good, "metadata": None}]}, {"outputs": [{"output_type": "pyout"}]},
            {"outputs": [{"output_type": "stream", "name": 3, "text": "a"}]}, {"source": None},
            {"outputs": [{"output_type": "error", "ename": None}]}, {"metadata": {"tags": "plot"}},
            {"metadata": {"jupyter": "hidden"}}, {"metadata": None}, {"cell_type": "heading"},
        ):  # fmt: skip
            cell = {**v4.new_code_cell("first line"), **change}
            notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# T")])
            notebook = from_dict({**notebook, "cells": [*notebook.cells, cell]})
            with self.assertRaisesRegex(ReportError, "^cell 2 of 2.* must be .*got", msg=change):
                ReportExporter().from_notebook_node(notebook, {"metadata": {}})

    def test_a_reference_to_no_equation_shows_marks_or_where_it_is_strict_is_named(self):
        with self.assertRaisesRegex(ReportError, r"^cell 2 of 2 \(see.*nope"):
            export("# T", "see $\\eqref{nope}$", strict=True)
        self.assertIn("see (???)", body("# T", "see $\\eqref{nope}$"))


def formulas_of(page):
    """TeX of the formulas that KaTeX has set."""
    return [html.unescape(found) for found in re.findall(r'x-tex">(.*?)</annotation>', page)]


class Formulas(unittest.TestCase):
    def test_one_that_does_not_parse_shows_its_source_and_a_note_that_names_its_cell(self):
        for tex in ("\\frac{1", "\\nosuch x", "a & b", "\\begin{tabular}{l}a\\end{tabular}"):
            for cell in (
                f"good $x$, bad ${tex}$",
                f"good $x$\n\n$${tex}$$",
                code("x", display({"text/latex": f"${tex}$"}), display({"text/latex": "$x$"})),
                code("x", display({"text/markdown": f"$x$ and ${tex}$"})),
            ):
                page, notes = export("# T", cell)
                self.assertEqual(formulas_of(page), ["x"])
                shown = re.search(r'<code class="tex">(.*?)</code>', page, re.S)[1]
                self.assertIn(tex, html.unescape(shown))
                self.assertRegex(notes[0], r"^cell 2 of 2 .*: a formula, of which KaTeX says: \w")
                self.assertEqual(len(notes), 1)

    def test_a_strict_export_still_takes_an_output_whose_formula_does_not_parse(self):
        page, notes = export("# T", code("x", display({"text/latex": "$\\frac{1$"})), strict=True)
        self.assertIn("\\frac{1", page)
        self.assertEqual(len(notes), 1)

    def test_a_label_has_a_number_where_its_author_numbered_other_formulas(self):
        labeled = "\\begin{align}a\\label{a}\\end{align}"
        page = body("# T", f"$$x\\tag{{1}}$$\n\n{labeled}\n\n$$y$$\n\nSee \\eqref{{a}}.")
        self.assertIn('See <a class="reference" href="#equation-2">(2)</a>', page)
        self.assertEqual(re.findall(r'id="equation-(\d)"', page), ["1", "2"])

    def test_macros_that_mathjax_takes_hold_from_their_cell_on(self):
        for definition, use in {
            "\\newcommand{\\R}{\\mathbb{R}}": "\\R",
            "\\newcommand*{\\norm}[1]{\\left\\|#1\\right\\|}": "\\norm{x}",
            "\\renewcommand{\\vecx}{\\mathbf{x}}": "\\vecx",
            "\\def\\E{\\mathbb{E}}": "\\E[x]",
            "\\DeclareMathOperator*{\\argmin}{arg\\,min}": "\\argmin_x f",
            "\\newcommand{\\f}[2][d]{#1_{#2}}": "\\f{x}\\f[a]{x}",
            "\\DeclarePairedDelimiter{\\abs}{\\lvert}{\\rvert}": "\\abs{x}",
            "\\require{cancel}": "\\cancel{x}",
            "\\require{mhchem}": "\\ce{H2O}",
        }.items():
            page, notes = export("# T", f"$${definition}$$\n\n$$a$$", f"Then ${use}$.")
            self.assertEqual((notes, formulas_of(page)[-1]), ([], use))
            self.assertEqual(re.findall(r'id="equation-(\d)"', page), ["1"], definition)

    def test_what_mathjax_takes_and_katex_does_not_is_set(self):
        shown = {
            r"\text{learning_rate} \mbox{a & b} \textsc{c}": "learning_ratea & bc",
            r"\bbox[5px, border: 1px solid red]{a} \class{x}{b} \style{color:red}{c}": "abc",
            r"\sideset{_1}{_2}\sum \sideset{}{'}\sum \skew4\hat x": "∑1∑2∑∑′x^",
            r"\unicode{x263a} \strut \ensuremath{y} a \hfill b": "☺()yab",
            r"\displaylines{a \\ b} \pmatrix{1 & 2} \cases{c & d \cr e}": "ab(12){cde",
            r"\begin{array}[t]{@{}*{2}{c}p{2cm}} a & b & c \end{array}": "abc",
            r"\begin{flalign} a &= b \end{flalign}": "a=b",
            r"\begin{align*} a \\ \intertext{or} b \end{align*}": "aorb",
            r"a \buildrel \rm def \over = \overparen{b} \cancelto{0}{c}": "a=defb⏠c0",
        }
        page, notes = export("# T", *(f"$${tex}$$" for tex in shown))
        set_ = re.findall(r"<math\b.*?(?=<annotation)", page, re.S)
        space = r"<[^<>]+>|[\s\u2000-\u200b\u2061]"
        words = [re.sub(space, "", html.unescape(re.sub(space, "", one))) for one in set_]
        self.assertEqual((notes, words), ([], [re.sub(r"\s", "", one) for one in shown.values()]))

    def test_eqnarray_is_set_and_a_number_given_twice_is_linked_once(self):
        page, notes = export("# T", "\\begin{eqnarray}a &=& b\\end{eqnarray}\n\n$\\bm{x}$")
        self.assertEqual((notes, len(formulas_of(page))), ([], 2))
        page = body("# T", "$$a\\tag{1}$$", "$$b\\tag{1}$$")
        self.assertEqual(page.count('id="equation-1"'), 1)
        self.assertIn('<span class="number">(1)</span>', page)

    def test_amounts_of_money_stay_text_and_formulas_that_begin_with_a_digit_do_not(self):
        for text in (
            "It costs $5 and $10.", "From $100 & 50% to $200", "$1,000–$2,000", "**$5** or $6", "$5.",
            "$3, $4 and $5",
        ):  # fmt: skip
            page, notes = export("# T", text)
            self.assertEqual((formulas_of(page), notes), ([], []))
            self.assertIn(text.replace("**", "").split()[0], re.sub("<[^>]+>", "", page))
        page = body("# T", "$2x$ and $3$, $0 < x$; \\$5, $y$; $5 for $z$")
        self.assertEqual(formulas_of(page), ["2x", "3", "0 < x", "y", "z"])

    def test_formulas_inside_of_html_are_set_and_code_in_it_is_not(self):
        for markup in (
            "<center>$E=mc^2$</center>", "<div>\n$$E=mc^2$$\n</div>", "<p>\\(E=mc^2\\)</p>",
            "<div class='alert'>so \\[E=mc^2\\]</div>", "<table><tr><td>$E=mc^2$</td></tr></table>",
            "<div><pre>$a$</pre> <!-- $b$ --> $E=mc^2$ <svg><text>$c$</text></svg></div>",
        ):  # fmt: skip
            for cell in (markup, code("x", display({"text/html": markup}))):
                self.assertEqual(formulas_of(body("# T", cell)), ["E=mc^2"], markup)
        page = body("# T", code("x", display({"text/html": "<td>$5</td><td>$6</td>"})))
        self.assertEqual(formulas_of(page), [])

    def test_references_outside_of_formulas_are_links_and_code_is_none(self):
        page = body(
            "# T", "$$a \\label{eq:a_1}$$\n\nSee \\eqref{eq:a_1}, \\ref{eq:a_1}, `\\eqref{b}`."
        )
        self.assertEqual(page.count('<a class="reference" href="#equation-1">(1)</a>'), 2)
        self.assertIn("<code>\\eqref{b}</code>", page)

    def test_an_output_of_latex_may_mix_words_and_formulas(self):
        page = body("# T", code("x", display({"text/latex": "So $x$ is <b> and $y$"})))
        self.assertEqual(formulas_of(page), ["x", "y"])
        self.assertIn("is &lt;b&gt; and", page)


class Tables(unittest.TestCase):
    def cells(self, source):
        page = body("# T", source)
        return [re.sub("<[^>]+>", "", row) for row in re.findall(r"<t[hd].*?</t[hd]>", page)]

    def test_rows_get_as_many_cells_as_the_head(self):
        for rows, cells in {
            "| 1 |": ["1", ""],
            "| 1 | 2 | 3 |": ["1", "2"],
            "1 | 2": ["1", "2"],
            "| 1 | 2\n| 3": ["1", "2", "3", ""],
            r"| 1 \| 2 | $5 and $6 |": ["1 | 2", "$5 and $6"],
        }.items():
            for head in ("| a | b |\n|---|:-:|", "a | b\n- | -"):
                self.assertEqual(self.cells(f"{head}\n{rows}"), ["a", "b", *cells])

    def test_an_escaped_bar_is_a_bar_in_words_and_code_and_stays_in_a_formula(self):
        page = body("| a | b | c |\n|---|---|---|\n| x \\| y | `a \\|\\| b` | $\\|v\\|$ |")
        self.assertIn("<td>x | y</td>", page)
        self.assertIn("<td><code>a || b</code></td>", page)
        self.assertIn(">\\|v\\|</annotation>", page)

    def test_a_formula_with_bars_is_one_cell(self):
        page = body("# T", "| a | b |\n|---|---|\n| $|x|$ | $\\|x\\|_2$ or $p(x|y)$ |")
        self.assertEqual(formulas_of(page), ["|x|", "\\|x\\|_2", "p(x|y)"])
        self.assertEqual(page.count("<td>"), 2)

    def test_lists_quotations_and_lines_without_a_blank_one_hold_tables(self):
        table = "| a |\n|---|\n| 1 |"
        for source in (
            "- item\n\n  " + table.replace("\n", "\n  "),
            "> " + table.replace("\n", "\n> "),
            f"text\n\n{table}\n\ntext",
        ):
            self.assertEqual(self.cells(source), ["a", "1"])
        for text in ("a | b", "| a |\n| b |", "a\n---", "| a | b |\n|---|\n| 1 |"):
            self.assertNotIn("<table", body("# T", text))


class Terminal(unittest.TestCase):
    def test_backspaces_links_and_control_characters_read_as_in_a_terminal(self):
        for text, shown in {
            "50%\b\b\b60%": "60%",
            "\x1b[1m10%\x1b[0m\b\b\b\x1b[1m20%": "20%",
            "1/9\b\b\b2/9\n\bnext": "2/9\nnext",
            "\x1b]8;;https://a.b\x1b\\link\x1b]8;;\x1b\\ \x1b]0;title\x07end": "link end",
            "\x1b(B\x1b[m\x1b[?25ldone\x07": "done",
            "a\x00b\x01": "a␀b␁",
            "keras\r\n1/2\r2/2\r\n": "keras\n2/2",
        }.items():
            for name in ("stdout", "stderr"):
                page = body("# T", code("x", v4.new_output("stream", name=name, text=text)))
                found = re.search(
                    r"<pre[^>]*>((?:(?!<code).)*?)</pre>", page.split("</details>")[-1], re.S
                )
                self.assertEqual(re.sub("<[^>]+>", "", found[1]).strip(), shown)
        self.assertIn("␀", body("# T", code("let a = '\x00'")))

    def test_a_color_of_the_ground_is_none_of_the_letters(self):
        page = body("# T", code("x", v4.new_output("stream", text="\x1b[41mred\x1b[0m")))
        self.assertIn('<span class="ansi-red-bg">red</span>', page)


class Files(unittest.TestCase):
    def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing(self):
        notebook = v4.new_notebook(
            cells=[v4.new_markdown_cell("# T\r\n\r\n| a |\r\n|---|\r\n| 1 |")]
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.ipynb"
            for lead, end in itertools.product((b"", b"\xef\xbb\xbf"), ("\n", "\r\n")):
                text = json.dumps(notebook, indent=1).replace("\n", end)
                path.write_bytes(lead + text.encode())
                text, resources = ReportExporter().from_filename(str(path))
                self.assertEqual(resources["page"].title, "T")
                self.assertIn("<table>", text)
                self.assertEqual(project.read_notebook(path).cells[0].source[:3], "# T")
            for wrong in (b"", b"{}", b"[]", "ö".encode("latin-1"), b"\x00", b"<<<<<<<"):
                path.write_bytes(wrong)
                with self.assertRaisesRegex(ReportError, "must hold a notebook, got"):
                    ReportExporter().from_filename(str(path))

    def test_metadata_of_other_programs_is_read_or_left_alone(self):
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell("words"), code("1")])
        notebook.metadata.update(
            title="Its <b>title</b>",
            kernelspec={"name": "deno", "display_name": "Deno", "language": None},
            widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}},
            papermill={"duration": float("nan")},
            colab={"provenance": []},
        )
        text, resources = ReportExporter().from_notebook_node(notebook, {"metadata": {}})
        self.assertEqual(resources["page"].title, "Its <b>title</b>")
        self.assertIn("<title>Its &lt;b&gt;title&lt;/b&gt;</title>", text)
        self.assertIn('"papermill":{"duration":null}', text)


class Tags(unittest.TestCase):
    def cell(self, **metadata):
        return body("# T", code("secret = 1", v4.new_output("stream", text="printed"), **metadata))

    def test_tags_of_both_spellings_are_obeyed(self):
        for sign in "-_":
            page = self.cell(tags=[f"remove{sign}input"])
            self.assertNotIn("secret", page)
            self.assertIn("printed", page)
            self.assertNotIn("printed", self.cell(tags=[f"remove{sign}cell"]))
            page = self.cell(tags=[f"remove{sign}output"])
            self.assertIn("secret", page)
            self.assertNotIn("printed", page)
            self.assertIn('<details class="code">', self.cell(tags=[f"hide{sign}input"]))
            self.assertIn('<details class="outputs">', self.cell(tags=[f"hide{sign}output"]))
            page = self.cell(tags=[f"hide{sign}cell"])
            self.assertIn('<details class="code">', page)
            self.assertIn('<details class="outputs">', page)

    def test_what_lab_folds_is_folded_and_code_that_only_plots_too(self):
        self.assertIn('<details class="code">', self.cell(jupyter={"source_hidden": True}))
        self.assertIn('<details class="outputs">', self.cell(jupyter={"outputs_hidden": True}))
        self.assertIn('<details class="outputs">', self.cell(collapsed=True))
        self.assertIn('<details class="code">', self.cell(tags=["plot"]))
        self.assertIn('<details class="code">', self.cell(hide_input=True))
        self.assertIn('<details class="code" open>', self.cell())

    def test_a_solution_is_folded_once(self):
        page = self.cell(tags=["solution"], jupyter={"source_hidden": True, "outputs_hidden": True})
        self.assertIn('<details class="solution">', page)
        self.assertNotIn('class="outputs"', page)

    def test_a_claim_is_shown_whatever_its_cell_is_tagged(self):
        line = "claim does not hold | a | measured 3 | below 2 | margin -1"
        for tag in ("remove-cell", "remove-output"):
            page = body("# T", code("x", v4.new_output("stream", text=f"a\n{line}\n"), tags=[tag]))
            self.assertIn('id="claim-1" class="broken"', page)
            self.assertNotIn(">a</pre>", page)

    def test_every_solution_of_the_series_is_hidden_in_lab_too(self):
        for path in sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb")):
            for cell in json.loads(path.read_text("utf-8"))["cells"]:
                if "solution" in cell["metadata"].get("tags", []) and cell["cell_type"] == "code":
                    hidden = cell["metadata"].get("jupyter", {})
                    self.assertTrue(hidden.get("source_hidden"), path.name)
                    self.assertTrue(hidden.get("outputs_hidden"), path.name)


class ChapterLinks(unittest.TestCase):
    def test_a_chapter_beside_is_linked_one_elsewhere_is_not_a_dead_link(self):
        text = (
            "# T\n\n[a](04-pca.ipynb#The-proof) [b](https://example.org/x.ipynb) "
            '<a href="05-axes.ipynb">c</a>'
        )
        page = body(text, beside={"04-pca"})
        self.assertIn('<a href="04-pca.html#The-proof">a</a>', page)
        self.assertIn('href="https://example.org/x.ipynb"', page)
        self.assertIn("<a>c</a>", page)
        alone = body(text)
        self.assertIn("<a>a</a>", alone)
        self.assertNotIn("index.html", alone)
        chapters = str(project.root() / "notebooks")
        self.assertIn('href="index.html"', body(text, beside={"index"}, folder=chapters))

    def test_a_notebook_from_elsewhere_has_its_own_name_in_the_bar_and_no_index_of_the_series(self):
        def bar(folder):
            given = {"metadata": {"name": "2024-05 lab", "path": folder}}
            notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# Waves")])
            text, _ = ReportExporter(beside={"index"}).from_notebook_node(notebook, given)
            return text.split('<header class="bar">')[1].split("</header>")[0]

        own = bar("")
        self.assertIn('<span class="series">2024-05 lab</span>', own)
        for part in ("Chapter", "Autoencoders", "index.html"):
            self.assertNotIn(part, own)
        ours = bar(str(project.root() / "notebooks"))
        for part in (">Chapter 2024<", ">Autoencoders<", 'href="index.html"'):
            self.assertIn(part, ours)

    def test_notebooks_that_one_command_exports_are_linked_in_both_directions(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, other in (("a", "b"), ("b", "a")):
                cell = v4.new_markdown_cell(f"# {name}\n\n[other]({other}.ipynb#x) [c](c.ipynb)")
                write(v4.new_notebook(cells=[cell]), f"{folder}/{name}.ipynb")
            write(v4.new_notebook(cells=[v4.new_markdown_cell("# c")]), f"{folder}/c.ipynb")
            command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "report", "a.ipynb"]
            ran = subprocess.run([*command, "b.ipynb"], cwd=folder, capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            for name, other in (("a", "b"), ("b", "a")):
                page = (Path(folder) / f"{name}.html").read_text("utf-8")
                self.assertIn(f'<a href="{other}.html#x">other</a> <a>c</a>', page)

    def test_where_the_pages_are_published_a_page_alone_links_there(self):
        links = Links(set(), "https://example.org/ae/")
        self.assertEqual(links("04-pca.ipynb#x"), "https://example.org/ae/04-pca.html#x")

    def test_links_to_headings_as_github_writes_them_find_their_heading(self):
        page = body(
            "# T\n\n## 1. What's *new* & more\n\n"
            "[a](#1-whats-new--more) [b](#1.-What's-new-&-more) [c](#1.-what-s-new-more)"
        )
        target = html.unescape(re.search(r'<h2 id="([^"]+)"', page)[1])
        found = re.findall(r'<a href="#([^"]+)">[abc]</a>', page)
        self.assertEqual([html.unescape(f) for f in found], [target] * 3)


if __name__ == "__main__":
    unittest.main()
