"""A page that runs: the kernel that it carries, and its cells as data."""

import base64
import hashlib
import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path

from markupsafe import Markup

from .execute import write_whole
from .figures import script_json
from .packing import compressed, packed
from .project import root

_PARTS = {
    "page-kernel": "kernel.js",
    "page-library": "library.js",
    "page-wasm": "tensorflow.wasm",
    "page-notebook": "notebook.js",
    "page-danfo": "danfo.js",
}


def _split(folder: str, name: str) -> list[str]:
    return [f"data/{folder}/{name}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]


_DATA_SETS = {
    "mnist.js": [*_split("mnist", "train"), *_split("mnist", "t10k")],
    "fashion-mnist.js": _split("fashion-mnist", "t10k"),
    "weights.js": ["data/weights/two-numbers.safetensors"],
    "formulas.js": ["src/page/dist/browser/formulas.js"],
    "types.js": [f"src/page/dist/browser/types.{end}" for end in ("js", "json")],
}


def _built() -> Path:
    return root() / "src" / "page" / "dist" / "browser"


@cache
def kernel_parts() -> dict[str, Markup]:
    """The packed parts of the kernel by the ids of their elements; empty where they were not built."""
    if not all((_built() / name).exists() for name in _PARTS.values()):
        return {}
    return {part: packed((_built() / name).read_bytes()) for part, name in _PARTS.items()}


def _seconds(cell) -> float | None:
    """Duration of a cell's execution, by the times that nbclient notes."""
    times = cell.metadata.get("execution", {})
    try:
        begin, end = (
            datetime.fromisoformat(times[name].replace("Z", "+00:00"))
            for name in ("iopub.execute_input", "shell.execute_reply")
        )
    except (AttributeError, KeyError, ValueError):
        return None
    return round((end - begin).total_seconds(), 2)


def _cell(cell) -> dict:
    metadata = {name: held for name, held in cell.metadata.items() if name != "execution"}
    seconds = _seconds(cell) if cell.cell_type == "code" else None
    given = {"id": cell.get("id") or None, "metadata": metadata or None, "seconds": seconds}
    given = {name: value for name, value in given.items() if value is not None}
    return {"type": cell.cell_type, "source": cell.source, **given}


def _sources(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def data_sets(notebook) -> list[str]:
    """The scripts that a chapter's page asks for, such as "mnist.js"; formulas and types for each."""
    text = _sources(notebook)
    names = {
        "mnist.js": r"\bmnist\(",
        "fashion-mnist.js": r"\bfashionMnist\(",
        "weights.js": r"\bdata/weights/",
    }
    return [
        "formulas.js",
        "types.js",
        *(name for name, call in names.items() if re.search(call, text)),
    ]


def _tables(text: str) -> list[str]:
    """The small tables of data/ that are named in a notebook that reads tables."""
    if "readTable" not in text:
        return []
    found = sorted((root() / "data").glob("*.csv"))
    return [f"data/{path.name}" for path in found if re.search(rf"[\"'`]{path.stem}[\"'`]", text)]


@cache
def _packed_file(path: str) -> Markup:
    return packed((root() / path).read_bytes())


def _base64(path: str) -> str:
    """File as a script beside the page carries it: gzip in base64."""
    return base64.b64encode(compressed((root() / path).read_bytes())).decode()


def _files(name: str) -> list[str]:
    return [path for path in _DATA_SETS[name] if (root() / path).exists()]


def write_data(name: str, folder: Path) -> bool:
    """Write a script with data beside the pages if its files are newer; True if it was written."""
    target, files = folder / name, _files(name)
    if not files:
        return False
    newest = max((root() / path).stat().st_mtime for path in files)
    if target.exists() and target.stat().st_mtime > newest:
        return False
    entries = json.dumps({path: _base64(path) for path in files})
    write_whole(target, f"Object.assign(globalThis.pageFiles ??= {{}}, {entries});\n")
    return True


def _finite(value: dict) -> dict:
    """JSON with null for numbers that JSON does not have."""
    return json.loads(json.dumps(value), parse_constant=lambda _: None)


def runnable(notebook, name: str, standalone: bool = False) -> dict | None:
    """Template values of a runnable page; None for another language, or before a build.

    A page carries the small tables that it reads; a standalone one all data.
    """
    named = notebook.metadata.get("language_info", {}).get("name")
    language = named or notebook.metadata.get("kernelspec", {}).get("language") or "typescript"
    if str(language).lower() not in {"typescript", "javascript"} or not kernel_parts():
        return None
    text = _sources(notebook)
    parts = kernel_parts()
    if not re.search(r"readTable|danfojs", text):
        parts = {part: content for part, content in parts.items() if part != "page-danfo"}
    paths = _tables(text)
    if standalone:
        paths += [path for name in data_sets(notebook) for path in _files(name)]
    cells = [_cell(cell) for cell in notebook.cells]
    sources = json.dumps([[cell["type"], cell["source"]] for cell in cells])
    data = {
        "name": name,
        "hash": hashlib.sha256(sources.encode()).hexdigest(),
        "metadata": {name: held for name, held in notebook.metadata.items() if name != "report"},
        "cells": cells,
    }
    return {
        "parts": parts,
        "boot": Markup((_built() / "boot.js").read_text("utf-8")),
        "notebook": Markup(script_json(_finite(data))),
        "files": {path: _packed_file(path) for path in paths},
    }
