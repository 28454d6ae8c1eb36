"""Run chapters in one kernel and print one line of JSON after each.

`kernel.py '<kernelspec as JSON>' <folder> <notebooks, or lines of code…>`. A line holds: seconds,
wall clock and processor; failed claims; the kernel process's resident memory in MB, now (after a
moment of rest) and at its peak; TensorFlow.js's own count; open files and sockets; handles that
keep the event loop alive. After a notebook garbage is collected; `collected` is the memory left.
Linux only.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

REST = {True: 1.5, False: 0.3}  # seconds after a notebook, and after a line of code
ASKED = """JSON.stringify({
  ...(({ numTensors, numBytes }) => ({ numTensors, numBytes }))((globalThis as any)._tfengine?.memory() ?? { numTensors: 0, numBytes: 0 }),
  variables: Object.keys((globalThis as any)._tfengine?.state.registeredVariables ?? {}).length,
  busy: (process as any).getActiveResourcesInfo().filter((name: string) => name !== "MessagePort").join(" "),
})"""

COLLECT = """require("node:v8").setFlagsFromString("--expose-gc"), require("node:vm").runInNewContext("gc")()"""
LEFT = """JSON.stringify({
  numBytes: (globalThis as any)._tfengine?.state.numBytes ?? 0,
  heapUsed: process.memoryUsage().heapUsed,
  heapTotal: process.memoryUsage().heapTotal,
  external: process.memoryUsage().external,
})"""


def resident(pid: int, field: str) -> float:
    """Megabytes in a field of the process's status."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith(field)
    )
    return int(line.split()[1]) / 1024


def open_files(pid: int) -> tuple[int, int]:
    """Numbers of a process's open files and of the sockets among them."""
    names = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            names.append(os.readlink(entry))
        except FileNotFoundError:
            pass
    return len(names), sum(name.startswith("socket:") for name in names)


def cells_of(job: str) -> list[tuple[str, str]]:
    """The cells of a notebook, or a line of code as the only one, by name."""
    if not job.endswith(".ipynb"):
        return [("cell", job)]
    return [
        (cell.id, cell.source)
        for cell in nbformat.read(job, as_version=4).cells
        if cell.cell_type == "code"
    ]


def processor(pid: int) -> float:
    """Seconds of processor time that a process has taken so far."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    spec, folder, jobs = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as home:
        kernel = Path(home) / "measured"
        kernel.mkdir()
        (kernel / "kernel.json").write_text(json.dumps(spec))
        manager = KernelManager(
            kernel_name="measured", kernel_spec_manager=KernelSpecManager(kernel_dirs=[home])
        )
        manager.start_kernel(cwd=folder)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        pid = manager.provisioner.pid

        def run(code: str, **more) -> dict:
            return client.execute_interactive(code, output_hook=lambda _: None, **more)["content"]

        def asked(expression: str) -> str:
            return run("", user_expressions={"it": expression})["user_expressions"]["it"]["data"][
                "text/plain"
            ]

        def told(expression: str) -> dict:
            return json.loads(asked(expression).strip("'\""))

        try:
            for job in jobs:
                begin, taken, failed = time.perf_counter(), processor(pid), []
                for name, code in cells_of(job):
                    reply = run(code, stop_on_error=False)
                    if reply["status"] == "ok":
                        continue
                    failed.append(f"{name}: {reply['evalue']}")
                    if reply["ename"] != "ClaimError":
                        break
                seconds, cpu = time.perf_counter() - begin, processor(pid) - taken
                time.sleep(REST[job.endswith(".ipynb")])
                rss, peak = resident(pid, "VmRSS"), resident(pid, "VmHWM")
                files, sockets = open_files(pid)
                held = told(ASKED)
                if job.endswith(".ipynb"):
                    asked(COLLECT)
                    time.sleep(REST[True])
                    held["collected"] = {
                        "resident": round(resident(pid, "VmRSS")),
                        "mapped": round(resident(pid, "RssFile")),
                        **told(LEFT),
                    }
                line = {
                    "name": Path(job).stem,
                    "seconds": round(seconds, 1),
                    "cpu": round(cpu, 1),
                    "failed": "; ".join(failed),
                }
                print(
                    json.dumps(
                        {
                            **line,
                            "resident": round(rss),
                            "peak": round(peak),
                            "files": files,
                            "sockets": sockets,
                            **held,
                        }
                    ),
                    flush=True,
                )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


main()
