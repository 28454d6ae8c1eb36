"""Tests of builds whose notebooks run in kernels of their own."""

import asyncio
import contextlib
import gc
import html
import io
import os
import signal
import socket
import threading
import unittest
from pathlib import Path
from unittest import mock

from autoencoder_report import execute
from autoencoder_report.__main__ import alone, build
from test_report import LINE, BuildCase


class Build(BuildCase):
    def test_slides_are_answered_by_how_a_page_is_presented(self):
        self.project.notebook("01-one", "## One?", "1")
        status, said = self.project.run("build", "--slides", "01")
        self.assertEqual(status, 0, said)
        self.assertIn("press P or the button Present", said)
        self.assertIn('id="present"', self.project.page("01-one"))

    def test_the_index_has_the_picture_of_a_chapter(self):
        folder = self.project.folder / "docs" / "chapters"
        folder.mkdir(parents=True)
        (folder / "01.png").write_bytes(b"\x89PNG")
        self.project.notebook("01-one", "## One?", "1")
        self.project.notebook("02-two", "## Two?", "1")
        self.project.run("build", "01")
        self.assertEqual(self.project.page("index").count('src="data:image/png;base64,iVBORw=='), 1)

    def test_the_index_has_the_chinese_summary_of_a_chapter_and_the_glossary(self):
        docs = self.project.folder / "docs"
        docs.mkdir()
        (docs / "chapters.zh.md").write_text(
            "# 摘要\n\n## 01 一？\n**回答**：a < `b`。\n**图**：曲线。\n\n## 02 二？\n**回答**：否。\n",
            "utf-8",
        )
        (docs / "glossary.md").write_text(
            "| 中文 | English | c | n | s |\n|---|---|---|---|---|\n| 编码 | code | h | 01 | p(h\\|x) |\n",
            "utf-8",
        )
        self.project.notebook("01-one", "## One?", "1")
        self.project.run("build")
        index = self.project.page("index")
        for words in (
            "一？",
            "<b>回答</b> a &lt; <code>b</code>。",
            "曲线。",
            '<th scope="row" lang="zh-Hans">编码</th>',
            "p(h|x)",
        ):
            self.assertIn(words, index)
        self.assertNotIn("二？", index)

    @unittest.skipUnless(Path("/proc/self/status").exists(), "memory is read on Linux alone")
    def test_a_run_notes_the_peak_of_its_kernels_memory_also_of_what_was_freed(self):
        self.project.notebook("01-one", "## One?", "x = b'1' * 600_000_000; del x")
        self.project.notebook("02-two", "## Two?", "1")
        self.assertRegex(self.project.run("check")[1], r"ran     01-one .* s, 0\.\d\d GB")
        paths = sorted((self.project.folder / "notebooks").glob("*.ipynb"))
        large, small = (execute.cached_run(path, execute.key_of(path)) for path in paths)
        self.assertGreater(large.peak, 0.6)
        self.assertLess(small.peak, 0.3)
        self.assertEqual(large.notebook.metadata.report.peakGB, large.peak)
        self.assertIn(f"{small.peak:.2f} GB (unchanged", self.project.run("check")[1])

    @unittest.skipUnless(Path("/proc/self/status").exists(), "memory is read on Linux alone")
    def test_a_kernel_that_died_leaves_no_note_of_its_memory(self):
        self.project.notebook("01-one", "## One?", "import os; os._exit(1)")
        status, said = self.project.run("check")
        self.assertEqual(status, 1)
        self.assertNotIn("GB", said)

    def test_a_failing_chapter_is_named_with_its_cell_while_the_others_go_on_and_its_old_page_goes(
        self,
    ):
        self.project.notebook("01-one", "## One?", "1")
        self.project.notebook("02-two", "## Two?", "print('fine')")
        self.assertEqual(self.project.run("build")[0], 0)
        self.project.notebook("02-two", "## Two?", "raise ValueError('boom')", "print('never')")
        self.project.notebook("01-one", "## One?", "print('changed')")
        status, said = self.project.run("build")
        self.assertEqual(status, 1)
        self.assertRegex(
            said,
            r"FAILED 02-two, cell 2 of 3 \(raise ValueError\('boom'\)\)(?s:.)*ValueError: boom",
        )
        self.assertIn("changed", self.project.page("01-one"))
        self.assertIn("The last run of this chapter failed", self.project.page("02-two"))
        self.assertNotIn("fine", self.project.page("02-two"))
        self.assertIn("The last run failed: cell 2 of 3", self.project.page("index"))
        self.assertEqual(
            [p.name for p in (self.project.folder / "reports").iterdir() if "part" in p.name], []
        )

    def test_every_claim_is_measured_though_one_does_not_hold(self):
        raising = "class ClaimError(Exception): pass\nraise ClaimError('claim does not hold | b | measured 3 | below 2 | margin -1')"
        self.project.notebook("01-one", "## One?", raising, f"print({LINE!r})")
        status, said = self.project.run("check")
        self.assertEqual(status, 1)
        self.assertIn("1 of 2 claims hold", said)
        self.assertIn("claim does not hold | b | measured 3", said)

    def test_a_run_with_a_claim_that_does_not_hold_makes_a_page_that_says_so_and_fails(self):
        raising = "class ClaimError(Exception): pass\nprint('before')\nraise ClaimError('claim does not hold | b | measured 3 | below 2 | margin -1\\nWhy.')"
        self.project.notebook("01-one", "## One?", raising, "print('after')", f"print({LINE!r})")
        status, said = self.project.run("build", "01")
        self.assertEqual(status, 1)
        self.assertIn("wrote   ", said)
        page = self.project.page("01-one")
        for words in (
            "1 of 2 claims does not hold in this run",
            '<a href="#claim-1">b</a>: 3, below 2',
            "before",
            "after",
            'id="claim-1" class="broken"',
        ):
            self.assertIn(words, page)
        self.assertNotIn("Traceback", page)
        self.assertIn("in a run that is not the published one", self.project.page("index"))

    def test_a_chapter_that_takes_too_long_is_stopped_at_its_cell(self):
        self.project.notebook("01-one", "## One?", "import time", "time.sleep(60)")
        status, said = self.project.run("check", "--timeout", "4")
        self.assertEqual(status, 1)
        self.assertIn("must end within 4 s", said)
        self.assertIn("cell 3 of 3 (time.sleep(60))", said)

    def test_a_kernel_that_dies_is_named_with_its_cell(self):
        self.project.notebook("01-one", "## One?", "import os", "os.kill(os.getpid(), 9)")
        status, said = self.project.run("check")
        self.assertEqual(status, 1)
        self.assertRegex(said, r"cell 3 of 3 (?s:.)*got its death in this cell")

    def test_a_formula_that_does_not_parse_fails_the_build_and_leaves_no_page(self):
        self.project.notebook("01-one", "## One?\n\n$\\frac{1$")
        status, said = self.project.run("build")
        self.assertEqual(status, 1)
        self.assertIn("cell 1 of 1", said)
        self.assertIn("The last run of this chapter failed", self.project.page("01-one"))

    def test_a_build_of_some_chapters_says_what_the_others_are(self):
        self.project.notebook("01-one", "## One?", "1")
        self.project.notebook("02-two", "## Two?", "1")
        self.project.run("build", "1")
        self.assertIn("This chapter has not been built", self.project.page("02-two"))
        self.project.run("build", "02")
        self.project.notebook("01-one", "## One?", "2")
        self.project.run("build", "02-two")
        self.assertIn("older than its notebook", self.project.page("index"))

    def test_a_notebook_without_a_number_is_not_of_the_series(self):
        self.project.notebook("01-one", "## One?", "1")
        self.project.notebook("Untitled", "## Mine", "1 / 0")
        status, said = self.project.run("build")
        self.assertEqual(status, 0, said)
        self.assertNotIn("Mine", self.project.page("index"))

    def test_a_file_that_holds_no_notebook_is_named_and_costs_the_others_nothing(self):
        self.project.notebook("01-one", "## One?", "1")
        for text in ("", "<<<<<<< HEAD", "[]", "{}"):
            (self.project.folder / "notebooks" / "02-two.ipynb").write_text(text, "utf-8")
            status, said = self.project.run("build")
            self.assertEqual(status, 1)
            self.assertIn("02-two.ipynb must hold a notebook, got", said)
            self.assertIn("One?", self.project.page("01-one"))
            self.assertIn("must hold a notebook", self.project.page("02-two"))
            self.assertIn("02-two", self.project.page("index"))

    def test_an_odd_chapter_fails_alone_in_a_sentence_that_names_its_cell(self):
        raising = "from IPython.display import publish_display_data as show\n"
        plot = "application/vnd.plotly.v1+json"
        trace = f"{raising}show({{'{plot}': {{'data': [{{}}], 'layout': {{'height': 'auto'}}}}}})"
        odd = {
            "11-number": (f"{raising}show({{'text/html': 5}})", "cell 2 of 2", "got 5"),
            "12-null": (f"{raising}show({{'text/html': None}})", "cell 2 of 2", "got None"),
            "13-height": (trace, "cell 2 of 2", "height must be in pixels, got 'auto'"),
            "14-kernel": ("1", "before its first cell", "got 'no-such-kernel'"),
            "15-title": ("1 / 0", "cell 2 of 2", "ZeroDivisionError"),
        }
        for name, (source, _, _) in odd.items():
            self.project.notebook(name, "## What is `Array<number>` & <b onclick=x>c</b>?", source)
        path = self.project.folder / "notebooks" / "14-kernel.ipynb"
        path.write_text(path.read_text("utf-8").replace("python3", "no-such-kernel"), "utf-8")
        marks = "print('\\ue0000\\ue001 whole')"
        self.project.notebook("16-marks", "## Marks", marks)
        with self.assertNoLogs("asyncio"):
            status, said = self.project.run("build")
            gc.collect()
        self.assertEqual(status, 1)
        self.assertNotIn("Traceback (most recent", said.replace("(most recent call last)", ""))
        for name, (_, cell, sentence) in odd.items():
            page = html.unescape(self.project.page(name))
            self.assertRegex(said, f"FAILED {name}, (?:while exporting\n)?{cell}")
            self.assertIn(sentence, said)
            self.assertIn(sentence, page)
            self.assertNotIn("onclick", self.project.page(name))
        self.assertIn("\ue0000\ue001 whole", self.project.page("16-marks"))
        self.assertIn("Array&lt;number&gt;", self.project.page("15-title"))
        self.assertNotIn("onclick", self.project.page("index"))
        self.assertIn("Marks", self.project.page("index"))

    def test_being_cancelled_stops_the_kernel(self):
        self.project.notebook(
            "01-one",
            "## One?",
            "import os; print(os.getpid(), flush=True)",
            "import time; time.sleep(60)",
        )
        path = self.project.folder / "notebooks" / "01-one.ipynb"
        seen = {}

        class Watcher:
            def begin(self, *_):
                pass

            def cell(self, _chapter, cell, _line):
                if cell == 2:
                    asyncio.get_running_loop().call_later(0.3, seen["task"].cancel)

            def end(self, *_):
                seen["ended"] = True

        async def go():
            seen["task"] = asyncio.ensure_future(execute.execute(path, Watcher()))
            await seen["task"]

        managers = []
        create = execute.NotebookClient.create_kernel_manager

        def remember(client):
            create(client)
            managers.append(client.km)

        with (
            mock.patch.object(execute.NotebookClient, "create_kernel_manager", remember),
            self.assertRaises(asyncio.CancelledError),
        ):
            asyncio.run(go())
        self.assertNotIn("ended", seen)
        self.assertFalse(asyncio.run(managers[0].is_alive()))

    def test_a_build_waits_while_another_writes_pages(self):
        reports = self.project.folder / "reports"
        other = threading.Thread(target=build, args=([], [], reports, False))
        with alone(), contextlib.redirect_stdout(io.StringIO()):
            other.start()
            other.join(0.5)
            self.assertTrue(other.is_alive())
            self.assertFalse(reports.exists())
        with contextlib.redirect_stdout(io.StringIO()):
            other.join(20)
        self.assertTrue((reports / "index.html").exists())

    def test_a_kernel_that_finds_a_port_taken_starts_again_with_others(self):
        self.project.notebook("01-one", "## One?", "1")
        create = execute.NotebookClient.create_kernel_manager
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = [other.getsockname()[1]]

            def first_at_a_taken_port(client):
                manager = create(client)
                if taken:
                    manager.cache_ports = False  # takes the ports it is given
                    manager.shell_port = taken.pop()
                return manager

            with mock.patch.object(
                execute.NotebookClient, "create_kernel_manager", first_at_a_taken_port
            ):
                status, said = self.project.run("build", "01")
        self.assertEqual((status, taken), (0, []), said)

    def test_a_signal_and_a_second_one_while_it_cleans_up_stop_the_kernel_and_say_so(self):
        self.project.notebook(
            "01-one", "## One?", "1", "import os; print(os.getpid()); import time; time.sleep(60)"
        )
        managers = []
        create = execute.NotebookClient.create_kernel_manager

        def remember(client):
            create(client)
            managers.append(client.km)

        def twice(progress, chapter, cell, first_line):
            if cell == 2:
                loop = asyncio.get_running_loop()
                for delay in (0.5, 0.52, 0.6):
                    loop.call_later(delay, os.kill, os.getpid(), signal.SIGTERM)

        with (
            mock.patch.object(execute.NotebookClient, "create_kernel_manager", remember),
            mock.patch("autoencoder_report.progress.Progress.cell", twice),
        ):
            status, said = self.project.run("build", "01")
        self.assertEqual(status, 130)
        self.assertIn("the same command goes on", said)
        self.assertFalse(asyncio.run(managers[0].is_alive()))


if __name__ == "__main__":
    unittest.main()
