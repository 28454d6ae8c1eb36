"""Function that a Dask worker runs: one experiment as a process of its own.

Made inside a function, so that Dask sends it by value: a worker needs Node and the project, but not
this file.
"""

from collections.abc import Callable


def experiment_runner() -> Callable[[dict, list[str]], str]:
    """A function of an experiment and a command; returns the line that the command prints."""

    def run_experiment(experiment: dict, command: list[str]) -> str:
        """Run `command` once with an experiment on its standard input.

        The process gets one thread: experiments run side by side, and the same document gives the
        same numbers on one core as on many. Its standard input stays open, so that it ends when
        this worker dies. Throws RuntimeError with its last lines when it fails.
        """
        import json
        import os
        import subprocess
        import tempfile

        threads = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        env = {**os.environ, **dict.fromkeys(threads, "1"), "TF_CPP_MIN_LOG_LEVEL": "2"}
        with tempfile.TemporaryFile() as errors:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
            with subprocess.Popen(command, **pipes, encoding="utf-8", env=env) as process:
                try:
                    print(json.dumps(experiment), file=process.stdin, flush=True)
                    lines = process.stdout.readlines()
                except BrokenPipeError:
                    lines = []
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
        code = process.returncode
        if code != 0 or len(lines) != 1:
            last = "\n".join(said.strip().splitlines()[-5:])
            raise RuntimeError(
                "the experiment must print one line and end with 0, "
                f"got {len(lines)} lines and {code}\n{last}"
            )
        return lines[0]

    return run_experiment
