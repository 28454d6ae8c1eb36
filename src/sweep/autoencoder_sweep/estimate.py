"""Estimates of the time that a sweep takes."""

from statistics import median


def seconds_left(listed: list[dict], results: list[dict], workers: int) -> float:
    """Seconds that the listed experiments without a result take on `workers`.

    Each is listed with a rough figure, corrected by the median ratio of measured to rough.
    """
    rough = {entry["id"]: entry["seconds"] for entry in listed}
    ratios = [
        result["seconds"]["total"] / rough[result["id"]]
        for result in results
        if result["id"] in rough and rough[result["id"]] > 0
    ]
    done = {result["id"] for result in results}
    left = [seconds for id, seconds in rough.items() if id not in done]
    if not left:
        return 0.0
    pace = median(ratios) if ratios else 1.0
    return max(pace * max(left), pace * sum(left) / max(1, workers))


def spoken(seconds: float) -> str:
    """A time as a reader says it: `about 40 s`, `about 3 min`, `about 2.5 h`."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
