"""Start the installed kernel under the given Node and run one cell with TensorFlow."""

import sys
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

SPEC = Path(".venv/share/jupyter/kernels/tslab")
CELL = """import * as tf from "@tensorflow/tfjs-node";
console.log(process.versions.node, tf.tensor1d([1, 2, 3]).sum().dataSync()[0]);"""

spec = KernelSpec.from_resource_dir(str(SPEC))
spec.argv[0] = sys.argv[1]
manager = KernelManager()
manager._kernel_spec = spec
manager.start_kernel()
client = manager.client()
try:
    client.start_channels()
    client.wait_for_ready(timeout=60)
    said: list[str] = []

    def listen(message: dict) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and content["name"] == "stdout":
            said.append(content["text"])

    reply = client.execute_interactive(CELL, timeout=60, output_hook=listen)
    text = "".join(said).strip()
    print(f"kernel start: {reply['content']['status']}, {text}")
    sys.exit(0 if reply["content"]["status"] == "ok" and text.endswith(" 6") else 1)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
