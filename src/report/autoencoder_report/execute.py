"""Runs a notebook from top to bottom, and keeps the result by the hash of all that it depends on."""
import hashlib
import json
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from .assets import ROOT

CACHE = ROOT / ".cache/executed"
INPUTS = ["dist", "package-lock.json", "setup/requirements.txt", "data/checksums.txt"]


def key_of(path: Path) -> str:
    """SHA-256 of the notebook, the built library and kernel, the lock files, the data's checksums and the seed."""
    digest = hashlib.sha256(path.read_bytes() + os.environ.get("AE_SEED", "1").encode())
    for name in INPUTS:
        item = ROOT / name
        for file in sorted(item.rglob("*.js")) if item.is_dir() else [item]:
            if not file.name.endswith(".test.js"):
                digest.update(file.read_bytes())
    return digest.hexdigest()


class ChapterFailed(Exception):
    """A cell failed: which one, and its error in full."""


def execute(path: Path, tell, timeout: int = 600):
    """The executed notebook and its run time in seconds; `tell(cell, cells, seconds)` is called before each cell."""
    cached = CACHE / f"{path.stem}-{key_of(path)[:16]}.ipynb"
    if cached.exists():
        notebook = nbformat.read(cached, as_version=4)
        return notebook, notebook.metadata["report"]["seconds"], True
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    current = 0

    def before(cell, cell_index):
        nonlocal current
        current = cell_index
        tell(cell_index + 1, len(notebook.cells), time.monotonic() - start)

    client = NotebookClient(notebook, timeout=timeout, kernel_name="tslab", resources={"metadata": {"path": str(path.parent)}}, on_cell_start=before)
    try:
        client.execute()
    except CellExecutionError as error:
        raise ChapterFailed(f"{path.name}, cell {current + 1}:\n{error}") from None
    except Exception as error:
        raise ChapterFailed(f"{path.name}, cell {current + 1}: {type(error).__name__}: {error}") from error
    seconds = time.monotonic() - start
    notebook.metadata["report"] = {"seconds": seconds, "date": time.strftime("%Y-%m-%d")}
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{path.stem}-*.ipynb"):
        old.unlink()
    temporary = cached.with_suffix(".part")
    temporary.write_text(nbformat.writes(notebook))
    temporary.replace(cached)
    return notebook, seconds, False
