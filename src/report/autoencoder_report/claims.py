"""Lines that `claim(…)` prints."""

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^claim (?P<verdict>holds|does not hold) \| (?P<text>.*) \| measured (?P<measured>[^|]+) \| "
    r"(?P<bound>(?:below|above) [^|]+|within \[[^|]+\]) \| margin (?P<margin>[^|]+)$"
)


_LONG = re.compile(r"within \[(-?[\d.]+(?:e[-+]?\d+)?), (-?[\d.]+(?:e[-+]?\d+)?)\]")
_TINY = re.compile(r"(?<![\d.])0\.0000\d+")


def written(value: float, digits: int) -> str:
    """A number as JavaScript writes it, which has no zero in an exponent."""
    return re.sub(r"e([-+])0+(?=\d)", r"e\1", f"{value:.{digits}g}")


def readable_bound(bound: str) -> str:
    """A bound that fits a column and is written as the number that was measured.

    An interval of many digits is shown by its middle and half its length.
    """
    ends = _LONG.fullmatch(bound)
    if not ends or len(bound) <= 26:
        return _TINY.sub(lambda tiny: written(float(tiny[0]), 12), bound)
    low, high = float(ends[1]), float(ends[2])
    return f"within {written((low + high) / 2, 6)} ± {written((high - low) / 2, 2)}"


@dataclass(frozen=True)
class Claim:
    """A statement of the prose, checked: `claim <verdict> | text | measured v | bound | margin m`."""

    text: str
    measured: str
    bound: str
    margin: str
    holds: bool
    number: int = 0


def parse_claim(line: str) -> Claim | None:
    """Claim that a line of output or the first line of an error states, or None."""
    found = _LINE.match(line.strip().partition("\n")[0])
    if not found:
        return None
    fields = {name: found[name].strip() for name in ("text", "measured", "bound", "margin")}
    fields["bound"] = readable_bound(fields["bound"])
    return Claim(**fields, holds=found["verdict"] == "holds")


def claims_of(notebook) -> list[Claim]:
    """Claims of an executed notebook in order; a ClaimError counts as one that does not hold."""
    claims = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stdout":
                claims += filter(None, map(parse_claim, output.text.splitlines()))
            elif output.output_type == "error" and (broken := parse_claim(output.evalue)):
                claims.append(broken)
    return claims
