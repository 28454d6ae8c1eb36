"""A page that runs: the kernel that it carries, and its cells as data."""

import base64
import gzip
from datetime import datetime
from functools import cache
from pathlib import Path

from markupsafe import Markup

from .figures import script_json
from .project import root

_PARTS = {
    "page-kernel": "kernel.js",
    "page-library": "library.js",
    "page-wasm": "tensorflow.wasm",
    "page-notebook": "notebook.js",
}


def _built() -> Path:
    return root() / "src" / "page" / "dist" / "browser"


def packed(content: bytes) -> Markup:
    """Bytes as the page carries them: gzip in base64."""
    return Markup(base64.b64encode(gzip.compress(content, 9, mtime=0)).decode())


@cache
def kernel_parts() -> dict[str, Markup]:
    """The packed parts of the kernel by the ids of their elements; empty where they were not built."""
    if not all((_built() / name).exists() for name in _PARTS.values()):
        return {}
    return {part: packed((_built() / name).read_bytes()) for part, name in _PARTS.items()}


@cache
def boot_script() -> Markup:
    """The script that a page carries unpacked."""
    return Markup((_built() / "boot.js").read_text("utf-8"))


def _seconds(cell) -> float | None:
    """How long a cell took when it was executed, by the times that nbclient notes."""
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
    given = {"type": cell.cell_type, "source": cell.source}
    if cell.metadata.get("tags"):
        given["tags"] = cell.metadata["tags"]
    if cell.cell_type == "code" and (seconds := _seconds(cell)) is not None:
        given["seconds"] = seconds
    return given


def runnable(notebook, name: str) -> dict | None:
    """What the template needs to make a page run; None for a notebook of another language, or before a build."""
    language = notebook.metadata.get("language_info", {}).get("name") or notebook.metadata.get(
        "kernelspec", {}
    ).get("language", "typescript")
    if language.lower() not in {"typescript", "javascript"} or not kernel_parts():
        return None
    data = {"name": name, "cells": [_cell(cell) for cell in notebook.cells]}
    return {"parts": kernel_parts(), "boot": boot_script(), "notebook": Markup(script_json(data))}
