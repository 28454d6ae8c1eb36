"""Measures one kernel: `measure.py '<kernelspec as JSON>' <cells> <imports…>` prints a line of JSON.

ready: from the start of the process to kernel_info_reply; first: the first cell;
p50: median of a trivial cell.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager


def main() -> None:
    _, spec, count, *imports, folder = sys.argv
    with tempfile.TemporaryDirectory() as home:
        kernel = Path(home) / "measured"
        kernel.mkdir()
        (kernel / "kernel.json").write_text(spec)
        specs = KernelSpecManager(kernel_dirs=[home])
        manager = KernelManager(kernel_name="measured", kernel_spec_manager=specs)
        start = time.perf_counter()
        manager.start_kernel(cwd=folder)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        result = {"ready": time.perf_counter() - start}

        def cell(code: str) -> float:
            begin = time.perf_counter()
            reply = client.execute(code, reply=True, timeout=120)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"{code!r}: {reply['content']}")
            took = time.perf_counter() - begin
            while True:
                published = client.get_iopub_msg(timeout=120)
                state = published["content"].get("execution_state")
                ours = published["parent_header"].get("msg_id") == reply["parent_header"]["msg_id"]
                if ours and state == "idle":
                    return took

        def p50() -> float:
            return statistics.median(cell(f"1 + {i}") for i in range(int(count)))

        try:
            result["first"] = cell("1 + 1")
            result["p50"] = p50()
            if imports:
                result["imports"] = [cell(code) for code in imports]
                result["p50 after imports"] = p50()
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        print(json.dumps(result))


main()
