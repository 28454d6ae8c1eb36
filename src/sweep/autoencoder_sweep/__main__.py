"""`npm run sweep -- data/sweeps/NAME.json` runs every experiment of a sweep.

Each result is appended to data/sweeps/results/NAME.jsonl; experiments with a result are skipped.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from . import SweepError
from .estimate import seconds_left, spoken
from .results import Results, pause, read_results, require_writable, write_table

if TYPE_CHECKING:
    from .connection import Connection

ROOT = Path(__file__).resolve().parents[3]
MAIN = str(ROOT / "src" / "sweep" / "dist" / "main.js")


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run sweep --", description=__doc__)
    option = parser.add_argument
    option("sweep", type=Path, help="a document of data/sweeps/")
    option("--out", type=Path, help="file of the results (data/sweeps/results/NAME.jsonl)")
    count = "say how many experiments and about how long, and stop"
    option("--dry-run", action="store_true", help=count)
    cluster = "a Dask cluster instead of this machine: tls://HOST:8786 or tcp://HOST:8786"
    option("--scheduler", metavar="ADDRESS", help=cluster)
    certificates = {
        "ca": "certificate authority of the cluster",
        "cert": "certificate to show to it",
        "key": "key of the certificate, unless that file holds it",
    }
    for name, what in certificates.items():
        option(f"--tls-{name}", type=Path, metavar="FILE", help=what)
    page = "serve Dask's page of progress, which every account on this machine can read"
    option("--dashboard", action="store_true", help=page)
    cores = "experiments at a time on this machine (its cores)"
    option("--workers", type=int, default=os.cpu_count() or 1, help=cores)
    option("--csv", type=Path, help="write the results of this sweep as a table as well")
    program = "what a worker runs: reads a document from a line, prints its result as a line"
    option("--run", metavar="COMMAND", help=program)
    return parser.parse_args(given)


def experiments_of(sweep: Path) -> list[dict]:
    """Experiments of a sweep: id, rough seconds and document; throws SweepError with the reason."""
    if not sweep.is_file():
        raise SweepError(f"a sweep must be a file such as data/sweeps/small.json, got {sweep}")
    command = [_node(), MAIN, "list", str(sweep)]
    listing = subprocess.run(command, capture_output=True, encoding="utf-8")
    if listing.returncode != 0:
        raise SweepError(f"{sweep}: {listing.stderr.strip()}")
    return [json.loads(line) for line in listing.stdout.splitlines()]


def _node() -> str:
    found = os.environ.get("npm_node_execpath") or shutil.which("node")
    if not found:
        raise SweepError("node must be on the PATH, got none; install Node 20 or later")
    return found


def _plural(count: int) -> str:
    return f"{count} experiment{'s' * (count != 1)}"


class _Bar(Progress):
    """A bar on a terminal; a line for each result elsewhere."""

    def __init__(self, listed: list[dict], results: Results, workers: int):
        name, left = TextColumn("{task.description}"), TextColumn("{task.fields[left]}")
        super().__init__(name, BarColumn(), MofNCompleteColumn(), left)
        self.disable = not self.console.is_terminal
        self._listed, self._results, self._workers = listed, results, workers
        how = {"completed": self._count(), "left": self._left()}
        self._task = self.add_task("experiments", total=len(listed), **how)

    def _count(self) -> int:
        return sum(entry["id"] in self._results.done for entry in self._listed)

    def _left(self) -> str:
        done = list(self._results.done.values())
        return f"{spoken(seconds_left(self._listed, done, self._workers))} left"

    def keep(self, result: dict) -> None:
        if not self._results.append(result, pause):
            return
        done = self._count()
        self.update(self._task, completed=done, left=self._left())
        if self.disable:
            what = result["experiment"]
            said = f"{what['variant']}, seed {what['seed']}: {result['status']}, {self._left()}"
            print(f"{done}/{len(self._listed)}  {said}", flush=True)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _stop(*_) -> None:
    # A second signal must not cut the clean-up of the first one short.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _checked(given: argparse.Namespace, out: Path) -> "Connection | None":
    """The scheduler that was named, if any; throws SweepError for options that cannot be used."""
    if given.workers < 1:
        raise SweepError(f"--workers must be 1 or more, got {given.workers}")
    if given.csv:
        require_writable(given.csv, "--csv")
    if out.exists():
        require_writable(out, "--out")
    tls = (given.tls_ca, given.tls_cert, given.tls_key)
    if given.scheduler is None and any(tls):
        raise SweepError("--tls-ca, --tls-cert and --tls-key must go with --scheduler, got none")
    if given.scheduler is None:
        return None
    if given.dashboard:
        raise SweepError(
            "--dashboard must go without --scheduler, got both; a cluster has its own dashboard"
        )
    from .connection import connection  # takes half a second to load

    return connection(given.scheduler, *tls)


def _run(
    given: argparse.Namespace,
    scheduler: "Connection | None",
    listed: list[dict],
    results: Results,
) -> dict[str, str]:
    """Run the experiments without a result; the failed ones with their errors."""
    from .driver import drive, local_cluster  # takes a second to load

    command = shlex.split(given.run) if given.run else [_node(), MAIN, "run", "--attached"]
    todo = {entry["id"]: entry["experiment"] for entry in listed if entry["id"] not in results.done}
    if not todo:
        return {}
    local = {"workers": min(given.workers, len(todo)), "dashboard": given.dashboard}
    cluster = nullcontext(scheduler) if scheduler else local_cluster(**local)
    with cluster as reached, _Bar(listed, results, given.workers) as bar:
        return drive(reached, todo, command, bar.keep)


def sweep(given: argparse.Namespace) -> int:
    """The exit code: 0 when every experiment has a result, 1 when some failed."""
    out = given.out or ROOT / "data" / "sweeps" / "results" / f"{given.sweep.stem}.jsonl"
    scheduler = _checked(given, out)
    listed = experiments_of(given.sweep)
    ids = {entry["id"] for entry in listed}
    earlier = [result for result in read_results(out) if result["id"] in ids]
    time = spoken(seconds_left(listed, earlier, given.workers))
    kept = f", {len(earlier)} of them done" if earlier else ""
    rest = ", all done" if len(earlier) == len(listed) else f"{kept}, {time}"
    print(f"{_plural(len(listed))}{rest}", flush=True)
    if given.dry_run:
        return 0
    with Results(out) as results:
        failed = _run(given, scheduler, listed, results)
        found = [results.done[entry["id"]] for entry in listed if entry["id"] in results.done]
        if given.csv:
            write_table(found, given.csv)
    diverged = sum(result["status"] == "diverged" for result in found)
    there = f"{len(found)} of {_plural(len(listed))} in {os.path.relpath(out)}"
    print(f"{there}, {diverged} diverged, {len(failed)} failed")
    for id, error in failed.items():
        print(f"FAILED {id}: {error}", file=sys.stderr)
    return 1 if failed else 0


def main(given: list[str] | None = None) -> int:
    """The exit code: 0, 1 when an experiment failed, 2 for an error of use, 130 when interrupted."""
    for each in _SIGNALS:
        signal.signal(each, _stop)
    try:
        return sweep(arguments(sys.argv[1:] if given is None else given))
    except SweepError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        said = "interrupted: every result so far is kept; the same command goes on"
        print(f"\n{said}", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
