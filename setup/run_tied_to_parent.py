"""Runs a module as `python -m` would, and ends it with the process that started it.

`python setup/run_tied_to_parent.py MODULE ARGUMENT…`
"""

import os
import runpy
import signal
import sys
import threading
import time


def _stop(*_) -> None:
    raise KeyboardInterrupt


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


signal.signal(signal.SIGTERM, _stop)  # until the module has a way of its own
threading.Thread(target=_follow, args=[os.getppid()], daemon=True).start()
del sys.argv[0]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except KeyboardInterrupt:
    sys.exit(130)
