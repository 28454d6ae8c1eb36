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
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from . import ReportError
from .claims import Claim
from .execute import Watcher, execute, write_whole
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
        got = said.stderr.strip()[-2000:]
        raise ReportError(f"the chapters' code must be readable, got:\n{got}")
    return {path.stem: line for path, line in zip(paths, said.stdout.split(), strict=True)}


def table_path() -> Path:
    return root() / "data" / "claims.csv"


def read_table() -> list[Row]:
    """Rows of data/claims.csv; empty where there is none."""
    if not table_path().exists():
        return []
    with table_path().open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [
            Row(chapter, digest, int(claim), text, bound, tuple(map(float, values)))
            for chapter, digest, claim, text, bound, _, _, *values in rows
        ]


def write_table(rows: list[Row]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in sorted(rows, key=lambda row: (row.chapter, row.claim)):
        numbers = [f"{value:.9g}" for value in (row.mean, row.s, *row.values)]
        writer.writerow([row.chapter, row.hash, row.claim, row.text, row.bound, *numbers])
    write_whole(table_path(), text.getvalue())


class _Quiet(Watcher):
    """Watcher of a run that only says when a chapter has ended."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def end(self, chapter, outcome) -> None:
        broken = [claim for claim in outcome.claims if not claim.holds]
        facts = f"{len(outcome.claims)} claims, {len(broken)} outside"
        print(f"seed {self.seed}  {chapter}  {outcome.seconds:.0f} s, {facts}", flush=True)
        for claim in broken:
            print(f"    {claim.text} | {claim.measured} | {claim.bound}", flush=True)


async def _measure(path: Path, digest: str, seed: int, timeout: float) -> list[Claim]:
    """Claims of a chapter under a seed, from an earlier run where one was kept. Throws ReportError."""
    kept = root() / ".cache" / "seeds" / f"{path.stem}-{digest}-{seed}.json"
    if kept.exists():
        return [Claim(**record) for record in json.loads(kept.read_text("utf-8"))]
    how = {"fresh": True, "variables": {"AE_SEED": str(seed), "AE_CLAIMS": "measure"}}
    outcome = await execute(path, _Quiet(seed), jobs=2, timeout=timeout, **how)
    if outcome.failures:
        first = outcome.failures[0]
        raise ReportError(
            f"{path.stem} must run to its end under every seed, got an error under seed {seed}, "
            f"{first.where}\n{first.error}"
        )
    write_whole(kept, json.dumps([asdict(claim) for claim in outcome.claims]))
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


def _is_stored(rows: list[Row], claims: list[Claim]) -> bool:
    """True if seed 1 gave these claims with the stored values, to the last digit but one."""
    return len(rows) == len(claims) and all(
        row.text == claim.text and math.isclose(row.values[0], _value(claim), rel_tol=1e-8)
        for row, claim in zip(rows, claims, strict=True)
    )


def _run(pairs: list[tuple[Path, int]], digests: dict[str, str], timeout: float) -> dict:
    """(chapter, seed) → its claims, two kernels at a time; a failed pair has its ReportError."""

    async def all_of_them():
        turn = asyncio.Semaphore(2)

        async def one(path: Path, seed: int):
            async with turn:
                return await _measure(path, digests[path.stem], seed, timeout)

        return await asyncio.gather(*(one(*pair) for pair in pairs), return_exceptions=True)

    return dict(zip(pairs, asyncio.run(all_of_them()), strict=True))


def code_of(digest: str) -> str:
    """First half of a chapter's hash: its code without the bounds of its claims."""
    return digest.partition("-")[0]


def _write(path: Path, digest: str, runs: list[list[Claim]]) -> None:
    """Replace a chapter's rows by those of eight runs, or of one that gave the stored values."""
    table = read_table()
    mine = [row for row in table if row.chapter == path.stem]
    if len(runs) == len(SEEDS):
        mine = _rows(path.stem, digest, runs)
    else:
        pairs = zip(mine, runs[0], strict=True)
        mine = [replace(row, hash=digest, bound=claim.bound) for row, claim in pairs]
    write_table([*(row for row in table if row.chapter != path.stem), *mine])


def measure(paths: list[Path], seeds: tuple[int, ...], timeout: float) -> int:
    """Measure the chapters that have changed since the table was written; the exit code.

    A change that leaves every number of seed 1 as it is stored, such as one of bounds or of speed,
    is taken to leave those of the other seeds. Seeds other than 1 to 8 are reported and never
    written.
    """
    digests = hashes(paths)
    if seeds != SEEDS:
        results = _run([(path, seed) for path in paths for seed in seeds], digests, timeout)
        return _failed(results.values())
    table = read_table()
    stored = {path: [row for row in table if row.chapter == path.stem] for path in paths}
    changed = [p for p in paths if {row.hash for row in stored[p]} != {digests[p.stem]}]
    print(f"{len(changed)} of {len(paths)} chapters have changed", flush=True)
    results = _run([(path, SEEDS[0]) for path in changed], digests, timeout)
    first = {path: claims for (path, _), claims in results.items() if isinstance(claims, list)}
    moved = [path for path, claims in first.items() if not _is_stored(stored[path], claims)]
    print(f"{len(moved)} of them have other numbers: {', '.join(p.stem for p in moved) or 'none'}")
    results |= _run([(path, seed) for path in moved for seed in SEEDS[1:]], digests, timeout)
    failures = list(results.values())
    for path in first:
        runs = [results[path, seed] for seed in (SEEDS if path in moved else SEEDS[:1])]
        if not any(isinstance(run, BaseException) for run in runs):
            try:
                _write(path, digests[path.stem], runs)
            except ReportError as error:
                failures.append(error)
    return _failed(failures)


def _failed(results: Iterable) -> int:
    """Print the failures among results; 1 if there are any."""
    failures = [result for result in results if isinstance(result, BaseException)]
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
        must = f"seeds must be such as 11-16 or 5,13,20, got {text}"
        raise argparse.ArgumentTypeError(must) from None
