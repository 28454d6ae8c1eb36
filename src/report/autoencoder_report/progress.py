"""Progress of the chapters on the terminal."""

import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .execute import Outcome, Watcher


def clock(seconds: float) -> str:
    """Seconds as m:ss."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def estimate_left(expected: list[float], done: int, in_cell: float, elapsed: float) -> float | None:
    """Seconds left after `done` cells and `in_cell` seconds in the next; None without a last run.

    These are the last run's times, scaled by the pace of this run.
    """
    if not expected:
        return None
    before = sum(expected[:done])
    pace = min(4.0, max(0.25, (elapsed - in_cell) / before)) if before > 1 else 1.0
    current = expected[done] * pace if done < len(expected) else 0.0
    return max(0.0, current - in_cell) + pace * sum(expected[done + 1 :])


@dataclass
class _Row:
    chapter: str
    cells: int = 0
    expected: list[float] = field(default_factory=list)
    begin: float = 0.0
    cell: int = 0
    cell_begin: float = 0.0
    line: str = ""
    outcome: Outcome | None = None

    def left(self, now: float) -> str:
        """The time left in words, or nothing without a last run."""
        done, in_cell = max(0, self.cell - 1), now - self.cell_begin
        left = estimate_left(self.expected, done, in_cell, now - self.begin)
        return "" if left is None else f"about {clock(left)} left"


class Progress(Watcher):
    """A table that moves on a terminal; a line for each cell elsewhere."""

    def __init__(self, chapters: list[str], console: Console | None = None):
        self._console = console or Console(highlight=False)
        self._rows = {chapter: _Row(chapter) for chapter in chapters}
        self._live = Live(
            get_renderable=self._table, console=self._console, refresh_per_second=5, transient=True
        )

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)

    def begin(self, chapter: str, cells: int, expected: list[float]) -> None:
        row = self._rows[chapter]
        row.cells, row.expected, row.begin = cells, expected, time.monotonic()
        row.cell_begin = row.begin

    def cell(self, chapter: str, cell: int, first_line: str) -> None:
        row = self._rows[chapter]
        row.cell, row.line, row.cell_begin = cell, first_line, time.monotonic()
        if not self._console.is_terminal:
            left = row.left(row.cell_begin)
            rest = f", {left}" if left else ""
            line = first_line if len(first_line) <= 60 else f"{first_line[:57]}..."
            elapsed = clock(row.cell_begin - row.begin)
            self.print(f"{chapter}  cell {cell}/{row.cells}  {elapsed}{rest}  {line}")

    def end(self, chapter: str, outcome: Outcome) -> None:
        self._rows[chapter].outcome = outcome
        self.print(verdict(outcome))

    def _table(self) -> Table:
        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        for row in self._rows.values():
            if not row.begin or row.outcome:
                continue
            done = (row.cell - 1) / max(1, row.cells)
            bar = "━" * round(20 * done) + "─" * (20 - round(20 * done))
            table.add_row(
                Text(row.chapter, style="bold"),
                Text(bar, style="cyan"),
                f"cell {row.cell}/{row.cells}",
                clock(now - row.begin),
                row.left(now),
                Text(row.line[:50], style="dim", overflow="ellipsis", no_wrap=True),
            )
        waiting = sum(not row.begin and not row.outcome for row in self._rows.values())
        if waiting:
            table.add_row(Text(f"{waiting} more to run", style="dim"))
        return table


def verdict(outcome: Outcome) -> str:
    """One line about a chapter that has ended."""
    claims = outcome.claims
    held = sum(claim.holds for claim in claims)
    facts = f"{held} of {len(claims)} claims hold, {outcome.seconds:.1f} s"
    if outcome.peak:
        facts += f", {outcome.peak:.2f} GB"
    if outcome.failures:
        return f"FAILED  {outcome.chapter}  {outcome.failures[0].where}; {facts}"
    if outcome.cached:
        return f"kept    {outcome.chapter}  {facts} (unchanged since that run)"
    return f"ran     {outcome.chapter}  {facts}"
