"""Compares the packages of this Python with the pins of a requirements file: exit 1 for a lack.

`python setup/check_packages.py REQUIREMENTS [MODULE…]` also imports the modules.
"""

import importlib
import importlib.metadata
import re
import sys
from pathlib import Path

from packaging.markers import Marker

_PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(?: *; *(.*?))?(?: *\\)?$", re.MULTILINE)


def _found(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "nothing"


for name, version, marker in _PIN.findall(Path(sys.argv[1]).read_text("utf-8")):
    if (not marker or Marker(marker).evaluate()) and _found(name) != version:
        sys.exit(f"{name} must be of version {version} in .venv, got {_found(name)}")
for module in sys.argv[2:]:
    importlib.import_module(module)
