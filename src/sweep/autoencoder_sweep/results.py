"""The results of a sweep: one JSON document a line, each written whole or not at all."""

import csv
import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from . import SweepError


def _lines(data: bytes) -> list[dict]:
    results = [json.loads(line) for line in data.splitlines() if line.strip()]
    if not all(isinstance(result, dict) and "id" in result for result in results):
        raise ValueError("a line without an id")
    return results


def read_results(path: Path) -> list[dict]:
    """The whole results of a file, without a line that was cut off. Throws SweepError where a line is no result."""
    if not path.exists():
        return []
    data = path.read_bytes()
    try:
        return _lines(data[: data.rfind(b"\n") + 1])
    except ValueError as error:
        raise SweepError(
            f"{path} must hold one result a line, got {error}; mend or remove that line"
        ) from None


class Results:
    """A results file that is open for appending, locked against a second sweep. A line that an earlier run left half-written is removed."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.done = {result["id"]: result for result in read_results(path)}
        except BlockingIOError:
            os.close(self._file)
            raise SweepError(
                f"{path} must be written by one sweep at a time, got a second one; wait for the first or give another --out"
            ) from None
        except SweepError:
            os.close(self._file)
            raise
        data = path.read_bytes()
        os.ftruncate(self._file, data.rfind(b"\n") + 1)

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_) -> None:
        os.close(self._file)

    def append(self, result: dict, wait: Callable[[str], None] | None = None) -> bool:
        """Write a result to the disk; False where it is already there.

        Where the disk is full nothing of it stays, `wait` is told why and must return when it is time to try again; without `wait` it throws.
        """
        if result["id"] in self.done:
            return False
        line = json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        while True:
            before = os.fstat(self._file).st_size
            try:
                written = os.write(self._file, line)
                if written < len(line):
                    raise OSError(28, "No space left on device")
                os.fsync(self._file)
                break
            except OSError as error:
                os.ftruncate(self._file, before)
                if wait is None:
                    raise
                wait(
                    f"{self.path} cannot be written ({error.strerror}); free some space, the result is kept in memory meanwhile"
                )
        self.done[result["id"]] = result
        return True


def pause(message: str) -> None:
    """Say what is wrong and wait ten seconds."""
    print(message, flush=True)
    time.sleep(10)


def _flat(value: object, name: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        return {
            key: leaf
            for inner, v in value.items()
            for key, leaf in _flat(v, f"{name}.{inner}" if name else inner).items()
        }
    return {name: "-".join(map(str, value)) if isinstance(value, list) else value}


def _write_csv(rows: list[dict], path: Path) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    part.replace(path)


def write_table(results: list[dict], path: Path) -> None:
    """Write results as CSV, a row each: the experiment's fields, the metrics, times and provenance; no curves. Pictures go to a table `NAME-pictures.csv` beside it."""
    rows = []
    for result in results:
        experiment = {
            key: value
            for key, value in result["experiment"].items()
            if key not in ("metrics", "pictures")
        }
        rest = {
            key: value
            for key, value in result.items()
            if key not in ("experiment", "metrics", "curves", "pictures")
        }
        rows.append({**_flat(experiment), **_flat(result["metrics"]), **_flat(rest)})
    _write_csv(rows, path)
    pictures = [
        {"id": result["id"], "png": result["pictures"]}
        for result in results
        if "pictures" in result
    ]
    if pictures:
        _write_csv(pictures, path.with_name(f"{path.stem}-pictures.csv"))
