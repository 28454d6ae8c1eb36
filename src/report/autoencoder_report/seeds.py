"""Measure every claim under several seeds and write data/claims.csv.

`python -m autoencoder_report seeds [NN …]`
"""

import argparse
import asyncio
import csv
import io
import json
import math
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from . import ReportError
from .claims import Claim
from .execute import execute, write_whole
from .project import node, root

SEEDS = tuple(range(1, 9))
_COLUMNS = ("chapter", "hash", "claim", "text", "bound", "mean", "s", *map(str, SEEDS))


@dataclass(frozen=True)
class Row:
    """One claim and its value under each seed; `hash` is the chapter's, of `hashes`."""

    chapter: str
    hash: str
    claim: int
    text: str
    bound: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def s(self) -> float:
        """Standard deviation over the seeds, with n − 1 in the denominator."""
        return statistics.stdev(self.values)


def hashes(paths: list[Path]) -> dict[str, str]:
    """Chapter → CODE-BOUNDS: hashes of what its numbers depend on, and of its claims' bounds."""
    script = Path(__file__).with_name("chapter-hash.mjs")
    command = [node(), str(script), str(root()), *map(str, paths)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise ReportError(
            f"the chapters' code must be readable, got:\n{said.stderr.strip()[-2000:]}"
        )
    return {path.stem: line for path, line in zip(paths, said.stdout.split(), strict=True)}


def table_path() -> Path:
    return root() / "data" / "claims.csv"


def read_table() -> list[Row]:
    """Rows of data/claims.csv; empty where there is none."""
    if not table_path().exists():
        return []
    with table_path().open(encoding="utf-8", newline="") as file:
        return [
            Row(
                line["chapter"],
                line["hash"],
                int(line["claim"]),
                line["text"],
                line["bound"],
                tuple(float(line[str(seed)]) for seed in SEEDS),
            )
            for line in csv.DictReader(file)
        ]


def write_table(rows: list[Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in sorted(rows, key=lambda row: (row.chapter, row.claim)):
        numbers = [f"{value:.9g}" for value in (row.mean, row.s, *row.values)]
        writer.writerow([row.chapter, row.hash, row.claim, row.text, row.bound, *numbers])
    write_whole(table_path(), text.getvalue())


class _Quiet:
    """Watcher of a run that only says when a chapter has ended."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def begin(self, chapter, cells, expected) -> None: ...
    def cell(self, chapter, cell, first_line) -> None: ...

    def end(self, chapter, outcome) -> None:
        broken = [claim for claim in outcome.claims if not claim.holds]
        print(
            f"seed {self.seed}  {chapter}  {outcome.seconds:.0f} s, "
            f"{len(outcome.claims)} claims, {len(broken)} outside",
            flush=True,
        )
        for claim in broken:
            print(f"    {claim.text} | {claim.measured} | {claim.bound}", flush=True)


def _kept(chapter: str, digest: str, seed: int) -> Path:
    return root() / ".cache" / "seeds" / f"{chapter}-{digest}-{seed}.json"


async def _measure(path: Path, digest: str, seed: int, timeout: float) -> list[Claim]:
    """Claims of a chapter under a seed, from an earlier run where one was kept. Throws ReportError."""
    kept = _kept(path.stem, digest, seed)
    if kept.exists():
        return [Claim(**record) for record in json.loads(kept.read_text("utf-8"))]
    variables = {"AE_SEED": str(seed), "AE_CLAIMS": "measure"}
    outcome = await execute(
        path, _Quiet(seed), jobs=2, timeout=timeout, fresh=True, variables=variables
    )
    if outcome.failures:
        first = outcome.failures[0]
        raise ReportError(
            f"{path.stem} must run to its end under every seed, got an error under seed {seed}, "
            f"{first.where}\n{first.error}"
        )
    write_whole(kept, json.dumps([claim.record() for claim in outcome.claims]))
    return outcome.claims


def _value(claim: Claim) -> float:
    return float(claim.measured.replace("∞", "inf"))


def _rows(chapter: str, digest: str, runs: list[list[Claim]]) -> list[Row]:
    counts = {len(claims) for claims in runs}
    if len(counts) != 1:
        raise ReportError(f"{chapter} must make as many claims under every seed, got {counts}")
    return [
        Row(chapter, digest, number, same[0].text, same[0].bound, tuple(map(_value, same)))
        for number, same in enumerate(zip(*runs, strict=True), 1)
    ]


def _with_bounds(rows: list[Row], digest: str, claims: list[Claim]) -> list[Row]:
    """Rows with the bounds that the chapter has now. Throws ReportError if seed 1 moved."""
    same = len(rows) == len(claims) and all(
        row.text == claim.text and math.isclose(row.values[0], _value(claim), rel_tol=1e-6)
        for row, claim in zip(rows, claims, strict=False)
    )
    if not same:
        raise ReportError(
            f"{rows[0].chapter} must give the stored values under seed 1, since only bounds have "
            f"changed; remove its rows from data/claims.csv to measure it anew"
        )
    return [
        replace(row, hash=digest, bound=claim.bound)
        for row, claim in zip(rows, claims, strict=True)
    ]


async def _all(pairs: list[tuple[Path, int]], digests: dict[str, str], timeout: float) -> dict:
    """(chapter, seed) → its claims, two kernels at a time; a failed pair has its ReportError."""
    turn = asyncio.Semaphore(2)

    async def one(path: Path, seed: int):
        async with turn:
            return await _measure(path, digests[path.stem], seed, timeout)

    results = await asyncio.gather(*(one(*pair) for pair in pairs), return_exceptions=True)
    return dict(zip(pairs, results, strict=True))


def code_of(digest: str) -> str:
    """First half of a chapter's hash: its code without the bounds of its claims."""
    return digest.partition("-")[0]


def _due(chapter: str, digest: str, rows: list[Row]) -> tuple[int, ...]:
    """Seeds to run for the table: none, the first where only bounds have changed, or all."""
    hashes = {row.hash for row in rows if row.chapter == chapter}
    if hashes == {digest}:
        return ()
    return SEEDS[:1] if set(map(code_of, hashes)) == {code_of(digest)} else SEEDS


def measure(paths: list[Path], seeds: tuple[int, ...], timeout: float) -> int:
    """Measure the chapters whose code has changed since the table was written; the exit code.

    Seeds other than 1 to 8 are reported and never written.
    """
    digests = hashes(paths)
    for_table = seeds == SEEDS
    due = {
        path: _due(path.stem, digests[path.stem], read_table()) if for_table else seeds
        for path in paths
    }
    pairs = [(path, seed) for path in paths for seed in due[path]]
    chapters = sum(bool(of_chapter) for of_chapter in due.values())
    print(f"{chapters} of {len(paths)} chapters to measure, {len(pairs)} runs")
    results = asyncio.run(_all(pairs, digests, timeout))
    failures = [result for result in results.values() if isinstance(result, BaseException)]
    for path in paths if for_table else []:
        runs = [results[path, seed] for seed in due[path]]
        if not runs or any(isinstance(run, BaseException) for run in runs):
            continue
        mine = [row for row in read_table() if row.chapter == path.stem]
        others = [row for row in read_table() if row.chapter != path.stem]
        try:
            if due[path] == SEEDS:
                mine = _rows(path.stem, digests[path.stem], runs)
            else:
                mine = _with_bounds(mine, digests[path.stem], runs[0])
        except ReportError as error:
            failures.append(error)
        else:
            write_table([*others, *mine])
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if failures else 0


def seeds_of(text: str) -> tuple[int, ...]:
    """`11-16` or `5,13,20`."""
    try:
        if "-" in text:
            first, last = map(int, text.split("-"))
            return tuple(range(first, last + 1))
        return tuple(map(int, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"seeds must be such as 11-16 or 5,13,20, got {text}"
        ) from None
