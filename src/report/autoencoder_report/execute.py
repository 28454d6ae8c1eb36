"""Runs a notebook from top to bottom, and caches the result by a hash of its dependencies."""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from . import ReportError, well_formed, where
from .claims import Claim, claims_of
from .project import build_digest, read_notebook, root, versions

DEFAULT_TIMEOUT = 600
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Watcher:
    """Observer of a run. `cell` counts code cells from 1."""

    def begin(self, chapter: str, cells: int, expected: list[float]) -> None: ...
    def cell(self, chapter: str, cell: int, first_line: str) -> None: ...
    def end(self, chapter: str, outcome: "Outcome") -> None: ...


@dataclass(frozen=True)
class Failure:
    """A cell that failed, with its error; `claim` where it is only a claim that does not hold."""

    where: str
    error: str
    claim: bool = False


class _Client(NotebookClient):
    """Client whose watch over the kernel ends quietly when the kernel is given back.

    nbclient leaves that task behind where an output is invalid.
    """

    async def _async_poll_kernel_alive(self) -> None:
        with contextlib.suppress(AssertionError):
            await super()._async_poll_kernel_alive()


@dataclass
class Outcome:
    """Result of a run; `notebook` has the outputs, also of a run that failed half-way."""

    chapter: str
    notebook: nbformat.NotebookNode
    seconds: float
    cached: bool = False
    failures: list[Failure] = field(default_factory=list)
    peak: float | None = None  # GB of memory of the kernel

    @property
    def claims(self) -> list[Claim]:
        """Claims that the run came to."""
        return claims_of(self.notebook)


def cache_folder() -> Path:
    """Folder of executed notebooks and run times."""
    return root() / ".cache" / "executed"


def key_of(path: Path) -> str:
    """SHA-256 of the notebook's cells and of all that computes their outputs."""
    notebook, digest = read_notebook(path), build_digest()
    cells = [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in notebook.cells]
    source = json.dumps([cells, notebook.metadata.get("kernelspec", {}).get("name")])
    digest.update(source.encode())
    return digest.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it: it is the old or the new one, never a part.

    Half a surrogate pair becomes U+FFFD.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(well_formed(text), "utf-8")
        part.replace(path)
    except OSError as error:
        raise ReportError(
            f"{path} must be written whole, got {error.strerror}; what was there is kept. "
            "Free space, or write elsewhere"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _times_path(chapter: str) -> Path:
    return cache_folder() / f"{chapter}.times.json"


def expected_times(chapter: str, cells: int) -> list[float]:
    """Seconds of each code cell in the last complete run of a chapter of this length, or nothing."""
    try:
        times = json.loads(_times_path(chapter).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return times if len(times) == cells else []


def _run_path(path: Path, key: str) -> Path:
    return cache_folder() / f"{path.stem}-{key[:16]}.ipynb"


def cached_run(path: Path, key: str) -> Outcome | None:
    """Cached run of a chapter with this key, or None."""
    try:
        notebook = nbformat.read(_run_path(path, key), as_version=4)
        run = notebook.metadata["report"]
        return Outcome(path.stem, notebook, run["seconds"], cached=True, peak=run.get("peakGB"))
    except (OSError, ValueError, KeyError):
        return None


def _keep(path: Path, key: str, outcome: Outcome, times: list[float]) -> None:
    write_whole(_run_path(path, key), nbformat.writes(outcome.notebook))
    write_whole(_times_path(path.stem), json.dumps(times))
    runs = cache_folder().glob(f"{path.stem}-*.ipynb")
    for old in sorted(runs, key=lambda p: p.stat().st_mtime)[:-4]:
        old.unlink(missing_ok=True)


def _environment(jobs: int, given: Mapping[str, str] | None = None) -> dict[str, str]:
    threads = max(1, (os.cpu_count() or 1) // jobs)
    defaults = {
        "AE_SEED": "1",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": str(min(2, threads)),
        "OMP_NUM_THREADS": str(threads),
    }
    return {**defaults, **os.environ, **(given or {})}


async def execute(
    path: Path,
    watcher: Watcher,
    *,
    jobs: int = 1,
    timeout: float = DEFAULT_TIMEOUT,
    fresh: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a chapter, or take its cached run; its kernel's own prints go to a log beside the cache.

    A claim that does not hold is noted and the run goes on; any other error ends it, as does
    `timeout`, in seconds for the whole chapter.
    """
    try:
        key = key_of(path)
    except ReportError as error:
        failures = [Failure("its file", str(error))]
        unread = Outcome(path.stem, nbformat.v4.new_notebook(), 0.0, failures=failures)
        watcher.end(path.stem, unread)
        return unread
    if not fresh and (kept := cached_run(path, key)):
        watcher.end(path.stem, kept)
        return kept
    notebook = read_notebook(path)
    outcome = Outcome(path.stem, notebook, 0.0)
    cells = enumerate(notebook.cells)
    codes = [i for i, cell in cells if cell.cell_type == "code" and cell.source.strip()]
    watcher.begin(path.stem, len(codes), expected_times(path.stem, len(codes)))
    begin, times = time.monotonic(), []
    try:
        environment = _environment(jobs, variables)
        await asyncio.wait_for(_run(path, outcome, codes, watcher, environment, times), timeout)
    except asyncio.TimeoutError:
        must = f"the chapter must end within {timeout:g} s, got no further than this cell"
        place = _place(notebook, codes[min(len(times), len(codes) - 1)])
        outcome.failures.append(Failure(place, f"{must}; shorten it or give --timeout"))
    outcome.seconds = time.monotonic() - begin
    notebook.metadata["report"] = {
        "seconds": round(outcome.seconds, 1),
        **({"peakGB": outcome.peak} if outcome.peak else {}),
        "date": time.strftime("%Y-%m-%d"),
        "seed": os.environ.get("AE_SEED", "1"),
        "key": key,
        "versions": versions(),
    }
    # a run under other variables answers another question
    if not variables and not outcome.failures:
        _keep(path, key, outcome, times)
    watcher.end(path.stem, outcome)
    return outcome


def _place(notebook, i: int) -> str:
    return where(i, len(notebook.cells), notebook.cells[i].source)


async def _run(
    path: Path,
    outcome: Outcome,
    codes: list[int],
    watcher: Watcher,
    environment: dict[str, str],
    times: list[float],
) -> None:
    notebook = outcome.notebook
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = _Client(
        notebook,
        kernel_name=notebook.metadata.get("kernelspec", {}).get("name") or "tslab",
        timeout=None,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.reset_execution_trackers()
    client.create_kernel_manager()
    try:
        if failure := await _start(client, path.stem, environment):
            outcome.failures.append(failure)
            return
        for number, i in enumerate(codes, 1):
            cell = notebook.cells[i]
            watcher.cell(path.stem, number, cell.source.strip().splitlines()[0])
            begin = time.monotonic()
            if failure := await _execute_cell(client, path.stem, i, number):
                outcome.failures.append(failure)
                if not failure.claim:
                    return
            times.append(round(time.monotonic() - begin, 3))
    finally:
        outcome.peak = _peak(client)
        await _stop(client)


def _peak(client: NotebookClient) -> float | None:
    """Peak resident memory of the living kernel in GB, 1e9 bytes; None except on Linux."""
    pid = getattr(getattr(client.km, "provisioner", None), "pid", None)
    try:
        found = re.search(r"^VmHWM:\s*(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)
    except OSError:
        return None
    return round(int(found[1]) * 1024 / 1e9, 2) if found else None


async def _start(
    client: NotebookClient, chapter: str, environment: dict[str, str]
) -> Failure | None:
    """Start the notebook's kernel; the reason where it does not start.

    One that found a port taken, which was free when Jupyter chose it, starts again with others.
    """
    place = "before its first cell"
    for last in (False, False, True):
        try:
            with _log(chapter).open("wb") as said:
                await client.async_start_new_kernel(env=environment, stdout=said, stderr=said)
            await client.async_start_new_kernel_client()
            break
        except NoSuchKernel as error:
            there = ", ".join(sorted(KernelSpecManager().find_kernel_specs()))
            cure = "change the notebook's kernel"
            return Failure(place, f"its kernel must be one of {there}, got {error.name!r}; {cure}")
        except RuntimeError as error:  # the kernel ended before it was ready
            why = _last_lines(chapter)
            if last or "already in use" not in why:
                return Failure(place, f"its kernel must start, got {error}\n{why}".strip())
            client.create_kernel_manager()
    information = await client.async_wait_for_reply(client.kc.kernel_info())
    if information:
        client.nb.metadata["language_info"] = information["content"]["language_info"]
    return None


async def _execute_cell(
    client: NotebookClient, chapter: str, i: int, number: int
) -> Failure | None:
    """Run one cell; the failure that it ends in, or None."""
    cell, named = client.nb.cells[i], _place(client.nb, i)
    try:
        await client.async_execute_cell(cell, i, execution_count=number)
    except CellExecutionError as error:
        said = _trace(cell) or f"{error.ename}: {error.evalue}"
        return Failure(named, said, claim=error.ename == "ClaimError")
    except nbformat.ValidationError as error:
        return Failure(named, _invalid(error))
    except DeadKernelError:
        if await client.km.is_alive():  # nbclient takes a cancellation for a death
            raise asyncio.CancelledError from None
        must = "the kernel must live until the end of the chapter, got its death in this cell"
        return Failure(named, f"{must}\n{_last_lines(chapter)}".strip())
    return None


def _last_lines(chapter: str) -> str:
    """End of what the chapter's kernel printed outside of its messages."""
    return _log(chapter).read_text("utf-8", "replace").strip()[-4000:]


def _invalid(error: nbformat.ValidationError) -> str:
    """Sentence about an output that no notebook can hold."""
    at = ".".join(str(step) for step in getattr(error, "absolute_path", []))
    got = repr(getattr(error, "instance", None))[:80]
    return f"an output must be text or JSON as nbformat has it, got {got} as its {at or 'data'}"


def _log(chapter: str) -> Path:
    path = cache_folder() / f"{chapter}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _trace(cell) -> str:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return _ANSI.sub("", "\n".join(errors[-1].traceback)).strip() if errors else ""


async def _stop(client: NotebookClient) -> None:
    if (manager := client.km) is None:
        return
    try:
        await asyncio.shield(asyncio.wait_for(client._async_cleanup_kernel(), 20))
    except (asyncio.TimeoutError, RuntimeError):
        await manager.shutdown_kernel(now=True)
