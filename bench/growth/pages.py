"""Exports synthetic notebooks: `pages.py '{"cells": [10, …], …}'` prints JSON.

Rows of [count, milliseconds, megabytes] by what is counted, the first of a page with a title alone.
Times are those of the processor, the least of four exports in turn: a busy machine disturbs them
less.
"""

import json
import resource
import sys
import time

from autoencoder_report.exporter import ReportExporter
from nbformat import NotebookNode, v4

PLOTLY = "application/vnd.plotly.v1+json"


def code(i: int, *outputs: NotebookNode) -> NotebookNode:
    source = f"const sum{i} = values.reduce((a, b) => a + b, {i});"
    return v4.new_code_cell(source, outputs=[*outputs])


def small(i: int) -> NotebookNode:
    """Text with a formula, or code with a line of output."""
    text = f"The *sum* of row {i} is $s_{{{i}}} = \\sum_j x_{{{i}j}}$."
    return code(i, lines(1)) if i % 2 else v4.new_markdown_cell(text)


def lines(count: int) -> NotebookNode:
    text = "".join(f"epoch {i}: loss {1 / (i + 1):.6f}\n" for i in range(count))
    return v4.new_output("stream", text=text)


def figure(i: int) -> NotebookNode:
    y = [round(1 / (1 + x + i), 6) for x in range(100)]
    layout = {"meta": {"caption": "A curve.", "alt": "a falling curve"}}
    spec = {"data": [{"type": "scatter", "x": list(range(100)), "y": y}], "layout": layout}
    return v4.new_output("display_data", data={PLOTLY: spec, "text/plain": "A curve."})


CELLS = {
    "cells": lambda count: [*map(small, range(count))],
    "lines of a cell": lambda count: [code(0, lines(count))],
    "figures of a cell": lambda count: [code(0, *map(figure, range(count)))],
}


def processor_ms() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (time.process_time() + ended.ru_utime + ended.ru_stime)


def export(title: str, cells: list[NotebookNode]) -> tuple[float, float]:
    """Processor milliseconds, of the process that typesets formulas too, and megabytes of a page."""
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(title), *cells])
    begin = processor_ms()
    text, _ = ReportExporter().from_notebook_node(notebook, {"metadata": {"name": "growth"}})
    return processor_ms() - begin, len(text.encode()) / 1e6


def measured(by: str, counts: list[int]) -> list[tuple[int, float, float]]:
    """Rows for no cells at all and for each count."""
    # Formulas are typeset by a process of their own, whose start is a part of the fixed cost.
    title = "# Sums $s$" if by == "cells" else "# Sums"
    notebooks = [(0, []), *((count, CELLS[by](count)) for count in counts)]
    rounds = [[(n, *export(title, cells)) for n, cells in notebooks] for _ in range(4)]
    return [min(row) for row in zip(*rounds)]


def main(asked: dict[str, list[int]]) -> None:
    export("# Warm $s$", [])
    print(json.dumps({by: measured(by, counts) for by, counts in asked.items()}))


main(json.loads(sys.argv[1]))
