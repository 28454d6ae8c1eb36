"""Folder of the project, versions of its tools, checksums of its data."""

import hashlib
import json
import os
import re
import subprocess
import sys
from copy import copy
from functools import cache
from pathlib import Path

import nbformat

from . import ReportError


@cache
def root() -> Path:
    """Folder of package.json and node_modules.

    Searched upward from AE_ROOT, the working folder, this file and the virtual environment.
    Throws ReportError.
    """
    starts = [os.environ.get("AE_ROOT"), Path.cwd(), Path(__file__), sys.prefix]
    for start in filter(None, starts):
        for folder in [Path(start).resolve(), *Path(start).resolve().parents]:
            if (folder / "node_modules" / "katex").is_dir():
                return folder
    raise ReportError(
        "the project folder must hold node_modules/katex, found none upward from the working "
        "folder; run npm run setup, or set AE_ROOT"
    )


_DEFAULTS = {
    "code": {"metadata": {}, "outputs": [], "execution_count": None, "source": ""},
    "markdown": {"metadata": {}, "source": ""},
    "raw": {"metadata": {}, "source": ""},
    "stream": {"name": "stdout", "text": ""},
    "display_data": {"metadata": {}, "data": {}},
    "execute_result": {"metadata": {}, "data": {}, "execution_count": None},
    "error": {"ename": "", "evalue": "", "traceback": []},
}


def complete(notebook: dict) -> None:
    """Adds the keys that nbformat demands of a notebook of version 4 and a script may leave out."""
    cells = notebook.get("cells")
    cells = [c for c in cells if isinstance(c, dict)] if isinstance(cells, list) else []
    outputs = [cell["outputs"] for cell in cells if isinstance(cell.get("outputs"), list)]
    for part in [*cells, *(output for some in outputs for output in some)]:
        kind = part.get("cell_type") or part.get("output_type") if isinstance(part, dict) else None
        for key, value in (_DEFAULTS.get(kind, {}) if isinstance(kind, str) else {}).items():
            part.setdefault(key, copy(value))


def _read(text: str) -> nbformat.NotebookNode:
    try:
        return nbformat.reads(text, as_version=4)
    except nbformat.ValidationError:
        notebook = json.loads(text)
        if notebook.get("nbformat") != 4:
            raise
        notebook.setdefault("metadata", {})
        complete(notebook)
        return nbformat.reads(json.dumps(notebook), as_version=4)


def notebook_of(text: str) -> nbformat.NotebookNode:
    """Notebook of any version in the text of a file. Throws ReportError where it holds none."""
    try:
        return _read(text.removeprefix("\ufeff"))
    except Exception as error:  # each layer of nbformat has its own
        said = str(error).splitlines()[0][:120]
        raise ReportError(f"the file must hold a notebook, got {said}") from error


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Notebook of a file. Throws ReportError, naming the file, where it holds none."""
    try:
        return notebook_of(path.read_text("utf-8"))
    except (OSError, ValueError, ReportError) as error:
        said = str(error).removeprefix("the file must hold a notebook, got ")
        raise ReportError(
            f"{path} must hold a notebook, got {said}; look for what a merge has left, "
            "or take the committed file"
        ) from error


def node() -> str:
    """Node that runs the kernel, else the one on the PATH."""
    spec = Path(sys.prefix) / "share/jupyter/kernels/tslab/kernel.json"
    if spec.exists():
        program = json.loads(spec.read_text("utf-8"))["argv"][0]
        if Path(program).exists():
            return program
    return "node"


def package_version(name: str) -> str:
    """Installed version of an npm package, or "not installed"."""
    path = root() / "node_modules" / name / "package.json"
    return json.loads(path.read_text("utf-8"))["version"] if path.exists() else "not installed"


def _node_says(program: str) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    compat = root() / "src" / "autoencoders" / "dist" / "engine" / "compat.js"
    command = [node(), *(["-r", str(compat)] if compat.exists() else []), "-p", program]
    how = {"cwd": root(), "env": environment, "capture_output": True, "text": True}
    try:
        return subprocess.run(command, **how, timeout=60, check=True).stdout.split()[-1]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "unknown"


@cache
def versions() -> dict[str, str]:
    """Versions, by name, of all that computed the numbers and drew the figures."""
    return {
        "Node": _node_says("process.versions.node"),
        "TensorFlow.js": package_version("@tensorflow/tfjs-node"),
        "TensorFlow": _node_says("require('@tensorflow/tfjs-node').backend().binding.TF_Version"),
        "tslab": package_version("tslab"),
        "Plotly.js": package_version("plotly.js-cartesian-dist-min"),
        "KaTeX": package_version("katex"),
    }


def checksums() -> list[tuple[str, str]]:
    """(file, SHA-256) of each data set, as set-up verified them."""
    listed = root() / "data" / "checksums.txt"
    if not listed.exists():
        return []
    lines = filter(str.strip, listed.read_text("utf-8").splitlines())
    return [(name, digest) for digest, name in (line.split(maxsplit=1) for line in lines)]


def build_digest() -> "hashlib._Hash":
    """SHA-256, still open, of the compiled packages, lock files, data and seed."""
    digest = hashlib.sha256(os.environ.get("AE_SEED", "1").encode())
    built = [
        file
        for folder in ("src/autoencoders/dist", "src/kernel/dist", "src/sweep/dist")
        for file in sorted((root() / folder).rglob("*"))
        if re.fullmatch(r"(?!.*\.test\.).*\.(js|d\.ts|json)", file.name)
    ]
    locked = ("package-lock.json", "setup/requirements.txt", "data/checksums.txt")
    for file in [*built, *map(root().joinpath, locked)]:
        digest.update(file.relative_to(root()).as_posix().encode())
        if file.is_file():
            digest.update(file.read_bytes())
    return digest
