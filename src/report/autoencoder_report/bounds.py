"""Checks the bounds of all claims against their spread over seeds 1 to 8.

A *value* (`within`) lies at 8 to 12 standard deviations of the seeds' mean, in logarithms where a
positive quantity spreads by more than a fifth; never narrower than its floor. A *conclusion*
(`below`, `above`) has its threshold at 8 standard deviations or more. An *identity* (`below` at
most 0.01) has its bound at 10 to 100 times the largest difference seen, or at the floor.
"""

import math
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

from .seeds import Row, code_of, hashes, read_table

_LEAST, _MOST = 8, 12
_NUMBER = r"(-?(?:\d[\d.]*(?:e[-+]?\d+)?|∞))"
_WITHIN = re.compile(rf"within \[{_NUMBER}, {_NUMBER}\]")
_MIDDLE = re.compile(rf"within {_NUMBER} ± {_NUMBER}")
_SIDE = re.compile(rf"(below|above) {_NUMBER}")
_GRADIENT_BOUND = 2e-3
_STORED_BOUND = 1e-3
_FLOOR = 1e-6


def _float(text: str) -> float:
    return float(text.replace("∞", "inf"))


def _interval(bound: str) -> tuple[float, float] | None:
    if ends := _WITHIN.fullmatch(bound):
        return _float(ends[1]), _float(ends[2])
    if middle := _MIDDLE.fullmatch(bound):
        return _float(middle[1]) - _float(middle[2]), _float(middle[1]) + _float(middle[2])
    return None


def _in_logarithms(row: Row) -> bool:
    return min(row.values) > 0 and row.s > 0.2 * row.mean


def _floors(row: Row, width: float) -> tuple[float, float]:
    """Distances from the mean that a small spread need not reach, and may: narrowest and widest.

    One count; else 1e-6 relative, and one hundredth of the number's power of ten. A number that
    no seed moves may lie anywhere within its bound.
    """
    if all(value == int(value) for value in row.values):
        return float(row.s > 0), 1.0
    size = max(map(abs, row.values))
    narrowest = min(_FLOOR * size, width / 2) if row.s else 0.0
    return narrowest, 10.0 ** (math.floor(math.log10(size)) - 2)


def _problem_of_value(row: Row, low: float, high: float) -> str:
    least, most = min(row.values), max(row.values)
    if not low <= least <= most <= high:
        return f"does not hold the values from {least:.6g} to {most:.6g}"
    s, narrowest, widest = row.s, *_floors(row, high - low)
    below, above = row.mean - low, high - row.mean
    if _in_logarithms(row) and low > 0:
        logs = [math.log(value) for value in row.values]
        mean, s = statistics.fmean(logs), statistics.stdev(logs)
        below, above = mean - math.log(low), math.log(high) - mean
        narrowest, widest = 0.0, 0.0
    if min(below, above) < max(_LEAST * s, narrowest) * 0.97:
        distance = min(below, above) / s if s else 0
        return f"is {distance:.1f} s from the mean, must be {_LEAST} or more"
    if max(below, above) > max(_MOST * s, widest) * 1.03:
        distance = max(_MOST * s, widest)
        return f"ends {max(below, above):.3g} from the mean, must be {distance:.3g} or less"
    return ""


def _problem_of_conclusion(row: Row, side: str, bound: float) -> str:
    sign = 1 if side == "below" else -1
    distances = [sign * (bound - row.mean) / (row.s or 1e-300)]
    if min(row.values) > 0 and bound > 0 and row.s > 0:
        logs = [math.log(value) for value in row.values]
        distances.append(sign * (math.log(bound) - statistics.fmean(logs)) / statistics.stdev(logs))
    if max(distances) < _LEAST * 0.97:
        return f"is {max(distances):.1f} s from the mean, must be {_LEAST} or more"
    return ""


def _problem_of_identity(row: Row, bound: float) -> str:
    largest = max(map(abs, row.values))
    if bound == _GRADIENT_BOUND and largest < bound:
        return ""
    if "stored" in row.text and largest < bound <= _STORED_BOUND:
        return ""  # another machine rounds otherwise, and training amplifies it
    if bound < 10 * largest:
        return f"is less than 10 times the largest difference, {largest:.2g}"
    if bound > max(100 * largest, _FLOOR) * 1.03:
        return f"is more than 100 times the largest difference, {largest:.2g}"
    return ""


def problem_of(row: Row) -> str:
    """A sentence on what is wrong with the bound of a claim; empty if nothing is."""
    if ends := _interval(row.bound):
        return _problem_of_value(row, *ends)
    side = _SIDE.fullmatch(row.bound)
    if not side:
        return "cannot be read"
    bound = _float(side[2])
    if side[1] == "below" and 0 < bound <= 0.01:
        return _problem_of_identity(row, bound)
    return _problem_of_conclusion(row, side[1], bound)


def check(paths: list[Path]) -> int:
    """Print what is stale and which bounds break the rules; the exit code."""
    rows, digests = read_table(), hashes(paths)
    problems = []
    for path in paths:
        mine = [row for row in rows if row.chapter == path.stem]
        problems += _problems_of(path.stem, mine, digests[path.stem])
    measured = f"{len(rows)} claims of {len({row.chapter for row in rows})} chapters"
    print(*problems, f"{measured} over seeds 1 to 8, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


def _problems_of(chapter: str, rows: list[Row], digest: str) -> Iterator[str]:
    rerun = f"run npm run seeds -- {chapter[:2]}"
    if not rows:
        yield f"{chapter}: not measured; {rerun}"
    elif {row.hash for row in rows} != {digest}:
        same = {code_of(row.hash) for row in rows} == {code_of(digest)}
        yield f"{chapter}: {'bounds of its claims' if same else 'its code'} changed; {rerun}"
    else:
        for row in rows:
            if said := problem_of(row):
                spread = f"(mean {row.mean:.4g}, s {row.s:.2g})"
                yield f"{chapter}, claim {row.claim}: {row.text} | {row.bound} {said} {spread}"
