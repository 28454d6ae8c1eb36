"""Results of a sweep: one JSON document a line, each written whole or not at all."""

import csv
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from . import SweepError


def _not_json(constant: str) -> None:
    raise ValueError(f"{constant}, which is not JSON; write null")


def _parsed(line: str | bytes) -> object:
    try:
        return json.loads(line, parse_constant=_not_json)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def _require_result(value: object) -> None:
    """Throws ValueError unless a value has the fields that later runs read."""
    if not isinstance(value, dict):
        raise ValueError(f"{json.dumps(value)[:60]} instead of a record of fields")
    for name in ("experiment", "metrics"):
        if not isinstance(value.get(name), dict):
            raise ValueError(f'no record "{name}"')
    if value.get("status") not in ("done", "diverged"):
        raise ValueError(f'status {json.dumps(value.get("status"))[:60]}, not "done" or "diverged"')
    seconds = value.get("seconds")
    total = seconds.get("total") if isinstance(seconds, dict) else None
    if isinstance(total, bool) or not isinstance(total, (int, float)) or total < 0:
        raise ValueError('no number "seconds": {"total": …}')


def result_of(id: str, experiment: dict, line: str) -> dict:
    """The result in a line that a command printed; throws ValueError when it is none."""
    answer = _parsed(line)
    if not isinstance(answer, dict):
        _require_result(answer)
    result = {"id": id, **answer} | {"id": id, "experiment": experiment}
    _require_result(result)
    return result


def _lines(data: bytes) -> list[dict]:
    results = [_parsed(line) for line in data.splitlines() if line.strip()]
    for result in results:
        _require_result(result)
        if not isinstance(result.get("id"), str):
            raise ValueError('a line without "id"')
    return results


def read_results(path: Path) -> list[dict]:
    """Whole results of a file, without a line that was cut off.

    Throws SweepError when a line is no result, or the path is no file that can be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SweepError(f"{path} must be a file of results, got a folder or a device")
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SweepError(f"{path} must be a file of results, got: {error.strerror}") from None
    try:
        return _lines(data[: data.rfind(b"\n") + 1])
    except ValueError as error:
        raise SweepError(
            f"{path} must hold one result a line, got {error}; mend or remove that line"
        ) from None


def require_writable(path: Path, option: str) -> None:
    """Throws SweepError when a file cannot be written at `path`; makes its folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise SweepError(f"{option} must be a file, got a folder or a device: {path}")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise SweepError(f"{option} must be a file that can be written, got {path}")
    except OSError as error:
        raise SweepError(f"{option} must be a file, got {path}: {error.strerror}") from None


class Results:
    """A results file open for appending, locked against a second sweep.

    A line that an earlier run left half-written is removed.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise SweepError(
                f"--out must be a file that can be written, got {path}: {error.strerror}"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.done = {result["id"]: result for result in read_results(path)}
        except (BlockingIOError, SweepError) as error:
            os.close(self._file)
            if isinstance(error, SweepError):
                raise
            raise SweepError(
                f"{path} must be written by one sweep at a time, got a second one; "
                "wait for the first or give another --out"
            ) from None
        data = path.read_bytes()
        os.ftruncate(self._file, data.rfind(b"\n") + 1)

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_) -> None:
        os.close(self._file)

    def append(self, result: dict, wait: Callable[[str], None] | None = None) -> bool:
        """Write a result to the disk; False when it is already there.

        When the disk is full nothing of it stays: `wait` gets the reason and must return when it
        is time to try again; without `wait` this throws.
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
                    f"{self.path} cannot be written ({error.strerror}); "
                    "free some space, the result is kept in memory meanwhile"
                )
        self.done[result["id"]] = result
        return True


def pause(message: str) -> None:
    """Print a message and wait ten seconds."""
    print(message, flush=True)
    time.sleep(10)


def _flat(value: object, name: str = "") -> dict[str, object]:
    if isinstance(value, dict):
        parts = [_flat(v, f"{name}.{inner}" if name else inner) for inner, v in value.items()]
        return {key: leaf for part in parts for key, leaf in part.items()}
    return {name: "-".join(map(str, value)) if isinstance(value, list) else value}


def _write_csv(rows: list[dict], path: Path) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    part.replace(path)


def _without(record: dict, *names: str) -> dict:
    return {key: value for key, value in record.items() if key not in names}


def write_table(results: list[dict], path: Path) -> None:
    """Write results as CSV, a row each: fields of the experiment, metrics, times, provenance.

    Curves are left out; pictures go to a table `NAME-pictures.csv` beside it.
    """
    rows = []
    for result in results:
        experiment = _without(result["experiment"], "metrics", "pictures")
        rest = _without(result, "experiment", "metrics", "curves", "pictures")
        rows.append({**_flat(experiment), **_flat(result["metrics"]), **_flat(rest)})
    _write_csv(rows, path)
    drawn = [result for result in results if "pictures" in result]
    if pictures := [{"id": result["id"], "png": result["pictures"]} for result in drawn]:
        _write_csv(pictures, path.with_name(f"{path.stem}-pictures.csv"))
