"""Folder of the project, versions of its tools, checksums of its data."""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat

from . import ReportError


def _has_tools(folder: Path) -> bool:
    return (folder / "node_modules" / "katex").is_dir()


@cache
def root() -> Path:
    """Folder of package.json and node_modules.

    Searched upward from AE_ROOT, the working folder, this file and the virtual environment.
    Throws ReportError.
    """
    starts = [os.environ.get("AE_ROOT"), Path.cwd(), Path(__file__), sys.prefix]
    for start in filter(None, starts):
        for folder in [Path(start).resolve(), *Path(start).resolve().parents]:
            if _has_tools(folder):
                return folder
    raise ReportError(
        "the project folder must hold node_modules/katex, found none upward from the working "
        "folder; run npm run setup, or set AE_ROOT"
    )


def notebook_of(text: str) -> nbformat.NotebookNode:
    """Notebook of any version in the text of a file. Throws ReportError where it holds none."""
    try:
        return nbformat.reads(text.removeprefix("\ufeff"), as_version=4)
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
    try:
        said = subprocess.run(
            command,
            cwd=root(),
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return (
        said.stdout.strip().splitlines()[-1]
        if said.returncode == 0 and said.stdout.strip()
        else "unknown"
    )


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
    lines = [
        line.split(maxsplit=1) for line in listed.read_text("utf-8").splitlines() if line.strip()
    ]
    return [(name, digest) for digest, name in lines]


_COMPUTING = ("src/autoencoders/dist", "src/kernel/dist", "src/sweep/dist")


def build_digest() -> "hashlib._Hash":
    """SHA-256, still open, of the compiled packages, lock files, data and seed."""
    digest = hashlib.sha256(os.environ.get("AE_SEED", "1").encode())
    for folder in _COMPUTING:
        for file in sorted((root() / folder).rglob("*")):
            if (
                file.name.endswith((".js", ".d.ts", ".json"))
                and ".test." not in file.name
                and file.is_file()
            ):
                digest.update(file.relative_to(root()).as_posix().encode())
                digest.update(file.read_bytes())
    for name in ("package-lock.json", "setup/requirements.txt", "data/checksums.txt"):
        file = root() / name
        digest.update(name.encode())
        if file.exists():
            digest.update(file.read_bytes())
    return digest
