"""Tests of notebooks with one thing by the ten thousand."""

import itertools
import time
import unittest

from nbformat import NotebookNode, v4
from test_strangers import body, code, display


class Sizes(unittest.TestCase):
    """Time grows with the size, not with its square: ten times as much takes less than 20 times."""

    def seconds(self, *cells):
        begin = time.process_time()
        body("# T", *cells)
        return time.process_time() - begin

    def test_captions_brackets_stars_tags_and_outputs_take_linear_time(self):
        def streams(n):
            names = itertools.cycle(["stdout", "stderr"])
            output = {"output_type": "stream", "text": "x\n"}
            return [NotebookNode(output, name=next(names)) for _ in range(n)]

        kinds = {
            "brackets": (50_000, lambda n: "[" * n),
            "closed brackets": (20_000, lambda n: "[a](" * n),
            "formula marks": (20_000, lambda n: "(" * n + "$x$" + ")" * n),
            "stars": (20_000, lambda n: "**a " * n),
            "blank lines": (50_000, lambda n: "a" + "\n" * n + "b"),
            "captions": (20_000, lambda n: code("x", display(
                {"text/html": f"<figure>{'<figcaption>a</figcaption>' * n}</figure>"}))),
            "open comments": (20_000, lambda n: "<!-- $" * n),
            "table cells": (5_000, lambda n: "| a |\n|---|\n| " + "$a$ " * n + "\\"),
            "backspaces": (100_000, lambda n: code("x", v4.new_output("stream", text="x\b" * n))),
            "formulas in tags": (20_000, lambda n: code("x", display({"text/html": "<svg>$" * n}))),
            "open tags": (20_000, lambda n: code("x", display({"text/html": "<img " * n}))),
            "handlers": (20_000, lambda n: code("x", display({"text/html": "<p x=' on" * n}))),
            "lines": (100_000, lambda n: code("x", v4.new_output("stream", text="x\r\n" * n))),
            "outputs": (8_000, lambda n: code("x", *streams(n))),
        }  # fmt: skip
        self.seconds("warm")
        for name, (n, cell) in kinds.items():
            small, large = self.seconds(cell(n // 10)), self.seconds(cell(n))
            self.assertLess(large, max(1.0, 20 * small), f"{name}: {small:.2f} s, {large:.2f} s")


if __name__ == "__main__":
    unittest.main()
