"""Tests of the exporter, the runner and the index: `python -m unittest discover src/report`."""

import contextlib
import html
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from autoencoder_report import ReportError, chinese, execute, project, site
from autoencoder_report.__main__ import chosen, main
from autoencoder_report.assets import katex_css
from autoencoder_report.claims import claims_of, parse_claim, readable_bound
from autoencoder_report.exporter import ReportExporter
from autoencoder_report.figures import PLOTLY, script_json
from autoencoder_report.packing import packed
from autoencoder_report.progress import clock, estimate_left
from nbformat import v4, write

LINE = "claim holds | error | relative | measured 0.5 | below 1 | margin 0.5"


def stream(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def shown(**data):
    return v4.new_output(
        "display_data", data={key.replace("__", "/"): value for key, value in data.items()}
    )


def figure(caption="A caption.", kind="scatter", **layout):
    spec = {
        "data": [{"type": kind, "x": [1, 2], "y": [3, 4]}],
        "layout": {"meta": {"caption": caption, "alt": "what it shows"}, **layout},
    }
    return v4.new_output("display_data", data={PLOTLY: spec, "text/plain": caption})


def code(source="x", *outputs, tags=()):
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def export(*cells, **given):
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    )
    return ReportExporter(**given).from_notebook_node(
        notebook, {"metadata": {"name": "03-test", "path": ""}}
    )


def page_of(*cells):
    return export(*cells)[0]


class PageCase(unittest.TestCase):
    """Assertions that do not print a whole page."""

    def assertIn(self, part, whole, message=None):  # noqa: N802
        if part not in whole:
            self.fail(message or f"{part!r} must be in {_short(whole)}")

    def assertNotIn(self, part, whole, message=None):  # noqa: N802
        if part in whole:
            at = whole.index(part) if isinstance(whole, str) else 0
            self.fail(
                message or f"{part!r} must not be in {_short(whole[max(0, at - 80) : at + 200])}"
            )


def _short(whole):
    fixed = r"data:font[^)]*|<style>.*?</style>|<script>.*?</script>"
    text = re.sub(fixed, "…", str(whole), flags=re.S)
    return text if len(text) < 3000 else f"{text[:3000]}…"


class Claims(PageCase):
    def test_a_line_gives_its_columns_also_when_the_text_has_bars(self):
        claim = parse_claim(LINE)
        self.assertEqual(
            (claim.text, claim.measured, claim.bound, claim.margin, claim.holds),
            ("error | relative", "0.5", "below 1", "0.5", True),
        )

    def test_an_interval_and_a_claim_that_fails_are_read(self):
        claim = parse_claim(
            "claim does not hold | angle | measured NaN | within [0, 1e-3] | margin NaN"
        )
        self.assertEqual((claim.bound, claim.holds), ("within [0, 1e-3]", False))
        said = parse_claim(
            "claim does not hold | angle | measured 2 | below 1 | margin -1\nThe bound was written for another run."
        )
        self.assertEqual((said.margin, said.holds), ("-1", False))

    def test_an_interval_of_many_digits_is_shown_by_its_middle(self):
        self.assertEqual(
            readable_bound("within [0.249999999999, 0.250000000001]"), "within 0.25 ± 1e-12"
        )
        self.assertEqual(readable_bound("within [-1.00000012, -0.99999988]"), "within -1 ± 1.2e-7")
        for short in ("within [0.09, 0.0945]", "below 0.0001", "within [∞, ∞]"):
            self.assertEqual(readable_bound(short), short)
        self.assertEqual(readable_bound("below 0.000001"), "below 1e-6")
        self.assertEqual(readable_bound("within [0, 0.00025]"), "within [0, 0.00025]")
        self.assertEqual(readable_bound("above -0.0000125"), "above -1.25e-5")

    def test_other_lines_are_no_claims(self):
        for line in (
            "",
            "claim",
            "claim holds | a | measured 1",
            "I claim holds | a | measured 1 | below 2 | margin 1",
        ):
            self.assertIsNone(parse_claim(line), line)

    def test_a_claim_error_counts_as_a_claim_that_does_not_hold(self):
        error = v4.new_output(
            "error",
            ename="ClaimError",
            evalue="claim does not hold | a | measured 3 | below 2 | margin -1",
            traceback=[],
        )
        found = claims_of(
            v4.new_notebook(cells=[code("x", stream(f"{LINE}\nother\n")), code("y", error)])
        )
        self.assertEqual([claim.holds for claim in found], [True, False])

    def test_a_value_that_reads_like_a_claim_is_text(self):
        page = page_of("# T", code("x", shown(text__plain=LINE)))
        self.assertIn(f"{LINE}</pre>", page)
        self.assertNotIn('id="claim-1"', page)

    def test_the_page_lists_each_claim_at_its_cell_and_in_the_table(self):
        page = page_of("# T", code("x", stream(f"before\n{LINE}\nafter\n")))
        self.assertEqual(page.count('id="claim-1"'), 1)
        self.assertEqual(page.count('href="#claim-1"'), 1)
        self.assertLess(page.index(">before</pre>"), page.index('id="claim-1"'))
        self.assertLess(page.index('id="claim-1"'), page.index(">after</pre>"))


class FullDisk(unittest.TestCase):
    def test_a_page_that_the_disk_does_not_take_is_named_and_the_old_one_stays_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, "page.html")
            page.write_text("old", "utf-8")
            program = (
                "import resource, sys; from pathlib import Path; from autoencoder_report.execute import write_whole\n"
                "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); write_whole(Path(sys.argv[1]), 'new' * 1000)"
            )
            ran = subprocess.run(
                [sys.executable, "-c", program, str(page)], capture_output=True, text=True
            )
            self.assertIn(
                "page.html must be written whole, got File too large; what was there is kept",
                ran.stderr,
            )
            self.assertEqual((page.read_text("utf-8"), os.listdir(folder)), ("old", ["page.html"]))


class Formulas(PageCase):
    def test_every_formula_is_typeset_and_display_formulas_are_numbered_once(self):
        page = page_of(
            "# T\n\n$a$ and\n\n$$b$$\n\ntext\n\n$$\nc\n$$\n\n\\begin{align}d&=e\\\\f&=g\\end{align}"
        )
        self.assertEqual(page.count('class="katex"'), 4)
        self.assertEqual(re.findall(r'class="equation" id="equation-(\d+)"', page), ["1", "2", "3"])
        self.assertNotIn("$$", page.split("<main", 1)[1].split("</main>")[0])

    def test_numbers_of_the_author_replace_automatic_ones_and_references_link_to_them(self):
        page = page_of("# T\n\n$$a \\tag{7}$$\n\n$$b$$\n\nBy equation (7), not equation (8).")
        self.assertIn('<div class="equation" id="equation-7">', page)
        self.assertEqual(page.count('class="equation" id='), 1)
        self.assertIn('equation <a class="reference" href="#equation-7">(7)</a>', page)
        self.assertIn("equation (8)", page)

    def test_a_letter_with_a_combining_mark_is_set_in_prose_and_in_code_and_a_word_is_not(self):
        for text, tex, mark in (
            ("x\u0302", "\\hat{\\mathrm{x}}", "ˆ"),
            ("ρ\u0302", "\\hat{ρ}", "ˆ"),
            ("h\u0303", "\\tilde{\\mathrm{h}}", "˜"),
        ):
            page = page_of(f"# T\n\nThe {text}, as drawn, and `{text}`.")
            self.assertIn(f"{tex}</annotation>", page)
            above = page.split("<code>")[1].split("</code>")[0]
            self.assertEqual(re.sub("<[^>]+>", "", above), text)
            self.assertIn(f'<span class="accent" data-mark="{mark}">{text[0]}', above)
            self.assertIn(f"{tex}_{{j}}</annotation>", page_of(f"# T\n\nIts {text}_j"))
            page = page_of("# T", code(f"// {text}_j", stream(text)))
            self.assertEqual(page.count('class="accent"'), 2)
            self.assertIn(f"<title>Its {text} is</title>", page_of(f"# Its {text} is"))
            page = page_of("# T", code("x", figure(f"Its {text}.")))
            self.assertIn(f"{tex}</annotation>", page)
        self.assertNotIn('class="katex-html"', page_of("# T\n\ne\u0301te\u0302 Zo\u0308e x\u0302y"))

    def test_a_letter_in_a_drawing_has_its_mark_from_the_typeface_of_formulas(self):
        drawn = '<svg><text font-family="KaTeX_Math">L(x, x\u0302)</text><text>x\u0302</text></svg>'
        page = page_of("# T", code("x", shown(text__html=drawn)))
        self.assertRegex(page, r'L\(x, x<tspan dx="[^"]*"[^<>]*KaTeX_Main[^<>]*>ˆ</tspan>\)</text>')
        self.assertIn("<text>x\u0302</text>", page)

    def test_a_label_is_a_link(self):
        page = page_of("# T\n\n$$a \\label{eq:a}$$\n\nSee $\\eqref{eq:a}$.")
        self.assertIn('See <a class="reference" href="#equation-1">(1)</a>.', page)

    def test_where_it_is_strict_a_number_given_twice_names_the_cell(self):
        with self.assertRaisesRegex(
            ReportError, r"cell 2 of 2 \(second\).*\(1\) must be given once.*cell 1 of 2"
        ):
            export("$$a\\tag{1}$$", "second\n\n$$b\\tag{1}$$", strict=True)

    def test_where_it_is_strict_a_formula_that_does_not_parse_names_its_cell(self):
        with self.assertRaisesRegex(
            ReportError, r"(?s)cell 2 of 3 \(Here .*\\\\frac\{1.*KaTeX parse error"
        ):
            export("# T", "Here $\\frac{1$", "more", strict=True)

    def test_math_in_a_heading_is_typeset_in_the_heading_and_in_the_contents(self):
        page = page_of("# T\n\n## The norm $\\|x\\|$")
        self.assertEqual(page.count('class="katex"'), 2)
        self.assertIn('href="#The-norm"', page)

    def test_fonts_of_formulas_are_embedded_as_far_as_they_are_used(self):
        plain, blackboard, none = page_of("$a$"), page_of("$\\mathbb{E}\\mathcal{L}$"), page_of("a")
        self.assertIn("KaTeX_Math", plain)
        self.assertNotIn("font-family:KaTeX_Caligraphic;", plain)
        self.assertIn("font-family:KaTeX_Caligraphic;", blackboard)
        self.assertNotIn("KaTeX_Main", none)
        by_chance = '<b class="katex">a</b><script type="text/plain" id="b">\x01cal mathbb</script>'
        self.assertNotRegex(katex_css(by_chance), "Caligraphic;|AMS;")
        self.assertNotRegex(plain + blackboard, r"url\((?!data:)")


class Packing(unittest.TestCase):
    def test_any_bytes_are_unpacked_by_the_page_and_no_character_is_markup_or_changed_by_a_parser(
        self,
    ):
        contents = [os.urandom(size) for size in [*range(30), 5000]] + [bytes(100_000)]
        texts = [str(packed(content)) for content in contents]
        for text in texts:
            self.assertFalse(set(text) & set("<\0\r"))
            self.assertLess(max(map(ord, text)), 256)
        program = """
            require("vm").runInThisContext(require("fs").readFileSync(process.argv[1], "utf8"));
            const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
            Promise.all(texts.map(async (textContent) =>
                Buffer.from(await unpacked({ textContent }).arrayBuffer()).toString("hex")
            )).then((all) => console.log(JSON.stringify(all)));
        """
        script = Path(project.__file__).parent / "static" / "parts.js"
        run = subprocess.run(
            [project.node(), "-e", program, str(script)],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(json.loads(run.stdout), [content.hex() for content in contents])


class Safety(PageCase):
    def test_script_ends_in_data_captions_text_and_code_stay_text(self):
        attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
        page = page_of(
            "# T",
            code(
                f"s = {attack!r}",
                figure(attack, title={"text": attack}),
                stream(attack),
                stream(attack, "stderr"),
            ),
        )
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("<img src=x", page)
        spec = re.search(
            r'<script type="application/json" class="spec">(.*?)</script>', page, re.S
        )[1]
        self.assertEqual(json.loads(spec)["layout"]["title"]["text"], attack)

    def test_escaped_html_of_a_table_is_not_unescaped(self):
        page = page_of(
            "# T",
            code(
                "x",
                shown(text__html="<table><tr><th>&lt;b onclick=&#34;x&#34;&gt;</th></tr></table>"),
            ),
        )
        self.assertRegex(page, r"<th>&lt;b onclick=(?:&#34;|\")x(?:&#34;|\")&gt;</th>")

    def test_an_error_is_escaped_and_shown(self):
        error = v4.new_output("error", ename="E", evalue="<i>", traceback=["\x1b[31mE\x1b[0m: <i>"])
        page = page_of("# T", code("x", error))
        self.assertIn(": &lt;i&gt;</pre>", page)
        self.assertNotIn("\x1b", page.split('<script type="text/plain"')[0])

    def test_the_policy_forbids_the_network_and_nothing_is_linked_from_it(self):
        page = page_of("# T", code("x", figure()))
        policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
        self.assertIn("default-src 'none'", policy)
        self.assertIn("connect-src 'none'", policy)
        self.assertNotRegex(page, r'(?:src|href)="(?:https?:)?//')

    def test_json_never_holds_a_less_than_sign_and_never_nan(self):
        self.assertEqual(
            json.loads(script_json({"a": "<!--</script>\u2028"})), {"a": "<!--</script>\u2028"}
        )
        self.assertNotIn("<", script_json("<"))
        with self.assertRaises(ValueError):
            script_json(float("nan"))


class Figures(PageCase):
    def test_a_caption_is_numbered_and_not_doubled(self):
        caption = '<p class="ae-caption" style="opacity:.8">A caption.</p>'
        page = page_of(
            "# T", code("x", figure(), shown(text__html=caption)), code("y", figure("Another."))
        )
        self.assertEqual(
            page.count("A caption."), 2
        )  # in the figcaption and in the figure's own JSON
        self.assertEqual(re.findall(r'<figure class="output" id="figure-(\d)"', page), ["1", "2"])
        self.assertIn('role="img" aria-label="what it shows"', page)

    def test_a_drawing_with_a_figcaption_is_a_numbered_figure_too(self):
        drawing = '<figure role="img" aria-label="a"><svg></svg><figcaption class="ae-caption">Drawn.</figcaption></figure>'
        page = page_of("# T", code("x", shown(text__html=drawing)))
        self.assertIn("Figure 1.</a> Drawn.</figcaption>", page)
        self.assertEqual(page.count("Drawn."), 1)

    def test_an_empty_output_leaves_nothing(self):
        self.assertNotIn('class="output html', page_of("# T", code("x", shown(text__html=""))))

    def test_plotly_is_embedded_once_where_there_is_a_figure_and_the_full_one_where_needed(self):
        self.assertNotIn('id="plotly"', page_of("# T").split("<script>")[0])
        one = page_of("# T", code("x", figure(), figure()))
        self.assertEqual(one.count('id="plotly">'), 1)
        self.assertLess(len(one), 2_000_000)  # with the page kernel
        self.assertNotIn("&#39;unsafe-eval", one)
        full = page_of("# T", code("x", figure(kind="surface")))
        self.assertGreater(len(full), len(one) + 500_000)
        self.assertIn("&#39;unsafe-eval", full)

    def test_a_broken_figure_names_the_cell(self):
        bad = [
            {"data": "x"},
            {"data": [], "layout": 3},
            {"data": [{"type": "scatterplot"}]},
            {"data": [3]},
            {"data": ["scatter"]},
            {"data": [{"type": ["scatter"]}]},
            {"data": [], "layout": {"height": "auto"}},
            {"data": [], "layout": {"height": -1}},
            {"data": [{"y": [float("nan")]}]},
        ]
        for spec in bad:
            with self.assertRaisesRegex(ReportError, r"cell 2 of 2 \(draw\)"):
                export("# T", code("draw", v4.new_output("display_data", data={PLOTLY: spec})))


class Page(PageCase):
    def test_question_and_answer_come_from_the_first_cell(self):
        _, resources = export("# Why $x$?\n\n**Because *it* is $y$.** More.", "**no**")
        page = resources["page"]
        self.assertIn('Why <span class="whole"><span class="katex">', page.question)
        self.assertTrue(page.answer.startswith("Because <em>it</em> is <span"))

    def test_headings_have_one_id_each_and_stand_in_the_contents(self):
        page = page_of("# T\n\n## Same\n\n## Same\n\n### Deeper `code`")
        ids = re.findall(r'<h[23] id="([^"]+)"', page)
        self.assertEqual(ids, ["Same", "Same-2", "Deeper-code"])
        for name in ids:
            self.assertIn(f'<a href="#{name}">', page)

    def test_a_heading_without_words_is_not_in_the_contents(self):
        page = page_of("# T\n\n## \n\n## ![p](data:image/gif;base64,R0lGODlhAQ==)\n\n## Words")
        self.assertEqual(page.count('<li class="level-2">'), 1)

    def test_solutions_are_folded_together(self):
        page = page_of(
            "# T",
            code("first", tags=["solution"]),
            code("second", stream("two"), tags=["solution"]),
            "then",
            code("third", tags=["solution"]),
        )
        self.assertEqual(page.count('<details class="solution"><summary>Solution</summary>'), 2)
        folded = page.split('<details class="solution">')[1].split("then")[0]
        self.assertIn("first", folded)
        self.assertIn("two", folded)

    def test_stream_pieces_are_joined_and_overwritten_lines_show_their_end(self):
        page = page_of("# T", code("x", stream("a"), stream("b\n 10%\r 99%\n")))
        self.assertIn(">ab\n 99%</pre>", page)

    def test_what_a_text_says_is_escaped(self):
        self.assertIn("1 &lt; 2 &amp; 3", page_of("# T", code("x", stream("1 < 2 & 3"))))


class Minutes(PageCase):
    def test_the_main_line_is_timed_and_not_what_is_folded(self):
        def minutes(*cells):
            return export(*cells)[1]["page"].minutes

        words = "word " * 1000
        self.assertEqual(minutes(f"# T\n\n{words}"), 5)
        self.assertEqual(minutes(f"# T\n\n{words}", code("x\n" * 40)), 7)
        self.assertEqual(minutes(f"# T\n\n{words}", code("x\n" * 40, tags=["solution"])), 5)
        self.assertEqual(minutes(f"# T\n\n{words}", f"## Going further\n\n{words}"), 5)
        self.assertEqual(minutes("# T\n\nword", *[code("", figure()) for _ in range(4)]), 2)
        self.assertEqual(minutes("# T"), 1)


class Teaser(PageCase):
    def test_the_tagged_figure_stands_below_the_title_too_and_links_to_its_section(self):
        for head in ("# T\n\n**Answer.**", "# T\n\n> Answer."):
            page = page_of(
                f"{head}\n\nIntroduction.",
                "## Coins of $p$",
                code("a", figure("First.")),
                code("b", stream(f"{LINE}\n"), figure("Best."), tags=["teaser"]),
            )
            main = page[page.index("<main") :]
            order = ["<h1", "Answer.", 'id="teaser"', "Introduction.", 'id="figure-1"']
            places = [main.index(part) for part in order]
            self.assertEqual(places, sorted(places), head)
            self.assertIn('data-spec="figure-2"', main)
            self.assertIn('Drawn in <a href="#Coins-of">Coins of <', main)
            self.assertEqual(main.count('id="figure-2"'), 1)
            self.assertEqual(main.count('id="claim-1"'), 1)

    def test_numbers_and_pictures_of_a_live_figure_are_in_the_page_once(self):
        spec = figure("Best.").data[PLOTLY]
        spec["data"][0]["y"] = [123456789]
        shown_figure = v4.new_output("display_data", data={PLOTLY: spec})
        page = page_of("# T", "## S", code("x", shown_figure, tags=["teaser"]))
        self.assertEqual(page.count("123456789"), 1)

    def test_nothing_is_moved_from_a_solution_or_from_the_top_or_without_a_figure(self):
        for cells in (
            ("# T", code("x", figure(), tags=["teaser"])),
            ("# T", "## S", code("x", figure(), tags=["teaser", "solution"])),
            ("# T", "## S", code("x", stream("text"), tags=["teaser"])),
            ("# T", "## S", code("x", tags=["teaser"])),
        ):
            self.assertNotIn('id="teaser"', page_of(*cells))

    def test_a_picture_that_links_to_its_section_gives_way(self):
        shown = "![small plane](data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=)"
        head = f"# T\n\n**Answer.**\n\n[{shown}](#Coins-λ)"
        teaser = code("a", figure("Best."), tags=["teaser"])
        self.assertNotIn('alt="small plane"', page_of(head, "## Coins λ", teaser))
        self.assertIn('alt="small plane"', page_of(head, "## Coins λ", code("a", figure("Best."))))
        self.assertIn('alt="small plane"', page_of(f"# T\n\n{shown}", "## Coins λ", teaser))

    def test_the_first_of_several_is_taken_and_a_title_may_be_missing(self):
        two = [code("x", figure(f"{i}."), tags=["teaser"]) for i in (1, 2)]
        page = page_of("## S", *two)
        self.assertEqual(page.count('id="teaser"'), 1)
        self.assertIn('data-spec="figure-1"', page)
        bare = page_of("# T\n\nIntroduction.", "## S", two[0])
        self.assertLess(bare.index('id="teaser"'), bare.index("Introduction."))


class Further(PageCase):
    def test_all_from_the_heading_to_the_next_of_its_level_is_folded_under_it(self):
        page = page_of(
            "# T",
            "Before.\n\n## Going further\n\nInside one.",
            code("inside_two", figure("Inside three.")),
            "### A part\n\nInside four.",
            code("inside_five", tags=["solution"]),
            "Inside six.\n\n## References\n\nAfter.",
        )
        begin = page.index('<details class="further">')
        folded = page[begin : page.index("</details>\n<section", begin)]
        heading = folded[: folded.index("</summary>")]
        self.assertIn('<h2 id="Going-further">', heading)
        self.assertNotIn("<a ", heading, "a link in a summary cannot be reached by every reader")
        self.assertIn("2 cells of code", heading)
        for inside in ("one.", "_two", "three.", "four.", "_five", "six."):
            self.assertIn(f"nside{inside}" if inside[0] == "_" else f"Inside {inside}", folded)
        for outside in ("Before.", "After.", "References"):
            self.assertNotIn(outside, folded)

    def test_it_may_be_the_last_and_occur_twice_and_other_headings_are_not_folded(self):
        self.assertIn('class="further"', page_of("# T", "## Going further: noise\n\nlast"))
        twice = page_of("# T", "## Going further\n\na\n\n## B\n\n## going further\n\nb")
        self.assertEqual(twice.count('class="further"'), 2)
        for heading in ("### Going further", "## Not going further", "## Going furthermore"):
            self.assertNotIn('class="further"', page_of("# T", f"{heading}\n\nwords"))


class Progress(PageCase):
    def test_time_left_is_the_last_run_less_what_is_done_at_this_runs_pace(self):
        self.assertEqual(estimate_left([2, 10, 4], 1, 3, 5), 11)
        self.assertEqual(estimate_left([2, 10, 4], 1, 0, 4), 28)
        self.assertEqual(estimate_left([2, 10, 4], 2, 9, 30), 0)
        self.assertIsNone(estimate_left([], 0, 0, 0))

    def test_a_clock_shows_minutes_and_seconds(self):
        self.assertEqual([clock(s) for s in (0, 59.6, 61, -3)], ["0:00", "1:00", "1:01", "0:00"])


class Project:
    """A project of its own, with notebooks for the Python kernel, on the installed node_modules."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for name in ("notebooks", "src/autoencoders/dist", "setup", "data"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "node_modules").symlink_to(project.root() / "node_modules")

    def notebook(self, name, *cells):
        notebook = v4.new_notebook(
            cells=[
                v4.new_markdown_cell(c[1:]) if c.startswith("#") else v4.new_code_cell(c)
                for c in cells
            ]
        )
        notebook.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python",
            "language": "python",
        }
        write(notebook, self.folder / "notebooks" / f"{name}.ipynb")

    def run(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(list(arguments))
        return status, out.getvalue() + err.getvalue()

    def page(self, name):
        return (self.folder / "reports" / f"{name}.html").read_text("utf-8")


class BuildCase(PageCase):
    """A project of its own for each test."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.project = Project(held.name)
        folder = self.project.folder
        for patch in (
            mock.patch.multiple(execute, root=lambda: folder, versions=lambda: {"Node": "0"}),
            mock.patch.object(project, "root", lambda: folder),
            mock.patch("autoencoder_report.__main__.root", lambda: folder),
            mock.patch.object(site, "checksums", lambda: [("data/x", "00ff")]),
            mock.patch.dict(os.environ, {"AE_SEED": "1"}),
        ):
            patch.start()
            self.addCleanup(patch.stop)


class Build(BuildCase):
    def test_a_build_writes_pages_index_and_claims_and_keeps_the_run(self):
        self.project.notebook("01-one", "## One?\n\n**Yes.**", f"print({LINE!r})")
        status, said = self.project.run("build")
        self.assertEqual(status, 0, said)
        self.assertIn("cell 1/1", said)
        index = self.project.page("index")
        for words in ("One?", "Yes.", "1 of 1 claims hold", "data/x", "00ff"):
            self.assertIn(words, index)
        self.assertIn('href="01-one.html#claim-1"', self.project.page("claims"))
        self.assertIn("kept    01-one", self.project.run("check")[1])
        self.project.notebook("01-one", "## One?", f"print({LINE!r})", "2")
        self.assertIn("ran     01-one", self.project.run("check")[1])

    def test_the_index_marks_a_short_path_where_there_is_a_longer_one(self):
        def index(*names):
            with tempfile.TemporaryDirectory() as folder:
                cards = [site.Card(name, name, state="missing") for name in names]
                site.write_site(cards, Path(folder))
                return (Path(folder) / "index.html").read_text("utf-8")

        whole = index("00-a", "01-b", "02-c")
        self.assertIn("the 2 chapters marked", whole)
        self.assertEqual(whole.count('<span class="short">'), 3)
        for some in (("02-c",), ("00-a", "01-b"), ("00-a",)):
            self.assertNotIn('<span class="short">', index(*some))

    def test_every_chapter_has_a_chinese_summary_in_three_paragraphs(self):
        folder = Path(__file__).resolve().parents[2]
        with mock.patch.object(project, "root", lambda: folder):
            found, words = chinese.summaries(), chinese.glossary()
        numbers = sorted(path.name[:2] for path in (folder / "notebooks").glob("*.ipynb"))
        self.assertEqual(sorted(found), numbers)
        for number, summary in found.items():
            self.assertEqual(
                [label for label, _ in summary.paragraphs], ["回答", "断言", "图"], number
            )
        self.assertTrue(all(len(row) == 5 for row in words), words)

    def test_the_run_is_not_kept_over_a_change_of_the_library_or_the_seed(self):
        self.project.notebook("01-one", "## One?", "1")
        path = self.project.folder / "notebooks" / "01-one.ipynb"
        before = execute.key_of(path)
        (self.project.folder / "src/autoencoders/dist" / "index.test.js").write_text(
            "tests do not count"
        )
        self.assertEqual(execute.key_of(path), before)
        (self.project.folder / "src/autoencoders/dist" / "index.js").write_text("1")
        after = execute.key_of(path)
        self.assertNotEqual(after, before)
        with mock.patch.dict(os.environ, {"AE_SEED": "2"}):
            self.assertNotEqual(execute.key_of(path), after)

    def test_an_unknown_chapter_is_refused(self):
        self.project.notebook("01-one", "## One?", "1")
        status, said = self.project.run("build", "17")
        self.assertEqual((status, said), (2, 'a chapter must be one of 01-one, got "17"\n'))


class Chosen(PageCase):
    def test_chapters_are_found_by_number_with_or_without_zero_and_by_name(self):
        found = [Path("notebooks/03-undercomplete.ipynb"), Path("notebooks/04-linear-is-pca.ipynb")]
        self.assertEqual(chosen(["4", "03"], found), found)
        self.assertEqual(chosen(["04-linear-is-pca"], found), found[1:])
        self.assertEqual(chosen([], found), found)


class Registration(PageCase):
    def test_nbconvert_finds_the_exporter_by_the_name_that_labs_menu_shows(self):
        from nbconvert.exporters import get_export_names, get_exporter

        self.assertIn("report", get_export_names())
        exporter = get_exporter("report")
        self.assertIs(exporter, ReportExporter)
        self.assertEqual(
            (exporter.export_from_notebook, exporter.output_mimetype, exporter().file_extension),
            ("Report", "text/html", ".html"),
        )


if __name__ == "__main__":
    unittest.main()
