"""Memory of the chapters: `series.py fresh|kept NN…` writes bench/memory.json.

Each chapter runs in a kernel of its own unless its kept run notes its memory; then the cells of all
of them run in one kernel. One kernel at a time.
"""

import asyncio
import json
import sys
from pathlib import Path

import nbformat
from autoencoder_report.__main__ import all_chapters, chosen
from autoencoder_report.execute import Outcome, cached_run, execute, key_of
from autoencoder_report.progress import Progress
from autoencoder_report.project import read_notebook, root


def run(path: Path, progress: Progress, **given) -> Outcome:
    return asyncio.run(execute(path, progress, timeout=3600, **given))


def chapter(path: Path, progress: Progress, fresh: bool) -> Outcome:
    """Run of a chapter, new where the kept one does not note its memory."""
    kept = cached_run(path, key_of(path))
    return run(path, progress, fresh=fresh or kept is None or kept.peak is None)


def joined(paths: list[Path]) -> nbformat.NotebookNode:
    """One notebook with the cells of all."""
    whole, *others = map(read_notebook, paths)
    for other in others:
        whole.cells += other.cells
    return whole


def record(outcome: Outcome) -> dict:
    broken = [failure for failure in outcome.failures if not failure.claim]
    return {
        "chapter": outcome.chapter,
        "seconds": round(outcome.seconds, 1),
        "peakGB": outcome.peak,
        "kept": outcome.cached,
        "failure": f"{broken[0].where}: {broken[0].error.splitlines()[-1]}" if broken else None,
    }


def main(fresh: str, *names: str) -> None:
    paths = chosen(list(names), all_chapters())
    # Beside the chapters: their cells read files by paths from this folder.
    series = root() / "notebooks" / "series-in-one-kernel.ipynb"
    with Progress([path.stem for path in [*paths, series]]) as progress:
        chapters = [record(chapter(path, progress, fresh == "fresh")) for path in paths]
        try:
            nbformat.write(joined(paths), series)
            together = record(run(series, progress, fresh=True))
        finally:
            series.unlink(missing_ok=True)
    result = {"chapters": chapters, "series": together}
    Path("bench/memory.json").write_text(f"{json.dumps(result, indent=2)}\n", "utf-8")


main(*sys.argv[1:])
