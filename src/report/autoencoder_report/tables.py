"""Markdown tables as GitHub and JupyterLab read them, which mistune takes for text.

A row may have fewer or more cells than the head, a formula may hold bars, and a list or a quotation
may hold a table.
"""

import re
from collections.abc import Callable

_CELL = re.compile(r"((?:\\.?|\$[^$\s](?:[^$\n]*[^$\s])?\$(?!\d)|[^|\\])*)(\||$)")
# Code, a formula, or a bar that divides no cells: it is a bar in code too, and stays in a formula.
_ESCAPED = re.compile(r"(`+)(?:(?!\1).)+\1|\$[^$\s](?:[^$\n]*[^$\s])?\$(?!\d)|\\\|")
_RULE = re.compile(r" *(:?)-+(:?) *")
_ALIGN = {(":", ":"): "center", (":", ""): "left", ("", ":"): "right", ("", ""): None}


def _bars(match: re.Match) -> str:
    return match[0].replace("\\|", "|") if match[0][0] in "`\\" else match[0]


def _cells(line: str) -> list[str]:
    row = line.strip().removeprefix("|")
    cells = [_ESCAPED.sub(_bars, found[1].strip()) for found in _CELL.finditer(row)]
    return cells[:-1] if not cells[-1] and len(cells) > 1 else cells


def _row(cells: list[str], aligns: list[str | None], head: bool) -> list[dict]:
    padded = [*cells, *[""] * len(aligns)][: len(aligns)]
    return [
        {"type": "table_cell", "text": text, "attrs": {"align": align, "head": head}}
        for text, align in zip(padded, aligns)
    ]


def _parse(block, match: re.Match, state) -> int | None:
    """Token of the table that begins at a match, and its end; None where there is none."""
    first = state.get_line(match.start())
    ruled = state.get_line(match.start() + len(first))
    rules = [_RULE.fullmatch(cell) for cell in _cells(ruled)]
    head = _cells(first)
    if "|" not in first + ruled or not all(rules) or len(head) != len(rules):
        return None
    aligns = [_ALIGN[rule[1], rule[2]] for rule in rules]
    end, rows = match.start() + len(first) + len(ruled), []
    while end < state.cursor_max and "|" in (line := state.get_line(end)):
        rows.append({"type": "table_row", "children": _row(_cells(line), aligns, False)})
        end += len(line)
    top = {"type": "table_head", "children": _row(head, aligns, True)}
    body = {"type": "table_body", "children": rows}
    state.append_token({"type": "table", "children": [top, body]})
    return end


def tables(markdown) -> None:
    """Plugin of mistune, after its own for tables."""
    block = markdown.block
    parse: Callable = _parse
    for rule in ("table", "nptable"):
        block.register(rule, block.specification[rule], parse)
        block.insert_rule(block.list_rules, rule, before="paragraph")
        block.insert_rule(block.block_quote_rules, rule, before="paragraph")
