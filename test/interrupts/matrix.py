"""Interrupt set-up, data verification, training, report and sweep: `python test/interrupts/matrix.py`.

After each fault no process and no half-written file may be left, and the same command must finish.
Linux only: processes are found by their environment in /proc.
"""

import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SLEEP = 4.0
PATIENCE = 300.0

# fault → who gets which signal: "group" as from a terminal, "first" as from kill, "all" as a laptop
# that is closed and opened
FAULTS = {
    "Ctrl-C": ("group", signal.SIGINT),
    "SIGTERM": ("first", signal.SIGTERM),
    "SIGKILL": ("first", signal.SIGKILL),
    "closed laptop": ("all", signal.SIGSTOP),
}


class Broken(Exception):
    """Faults that were not survived."""


def need(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


class Run:
    """A command in its own process group; a mark in the environment identifies its descendants."""

    def __init__(self, command: list[str], folder: Path, **more: str):
        self.mark = f"AE_INTERRUPTED={uuid.uuid4()}"
        name, value = self.mark.split("=")
        self.log = tempfile.TemporaryFile()
        out = {"stdout": self.log, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        env = {**os.environ, **more, name: value}
        self.process = subprocess.Popen(command, cwd=folder, env=env, start_new_session=True, **out)

    def said(self) -> str:
        return os.pread(self.log.fileno(), 1 << 20, 0).decode("utf-8", "replace")

    def until(self, words: str) -> None:
        end = time.monotonic() + PATIENCE
        while not re.search(words, self.said()):
            need(
                self.process.poll() is None,
                f"it ended with {self.process.returncode} before {words!r}:\n{self.said()[-2000:]}",
            )
            need(
                time.monotonic() < end,
                f"it came not to {words!r} in {PATIENCE:.0f} s:\n{self.said()[-2000:]}",
            )
            time.sleep(0.02)

    def family(self) -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if (
                    folder.name.isdigit()
                    and self.mark.encode() in (folder / "environ").read_bytes()
                ):
                    found.append(int(folder.name))
            except OSError:
                pass
        return found

    def fault(self, name: str) -> None:
        """Inject the fault; wait for the end of all processes or, for a closed laptop, its resumption."""
        who, what = FAULTS[name]
        if who == "all":
            for pid in self.family():
                os.kill(pid, signal.SIGSTOP)
            time.sleep(SLEEP)
            for pid in self.family():
                os.kill(pid, signal.SIGCONT)
            return
        (os.killpg if who == "group" else os.kill)(self.process.pid, what)
        self.ended()

    def ended(self, within: float = 60) -> int:
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Broken(f"it did not end within {within:.0f} s:\n{self.said()[-2000:]}") from None
        end = time.monotonic() + 30
        while left := self.family():
            need(
                time.monotonic() < end,
                f"processes were left: {[Path(f'/proc/{p}/cmdline').read_bytes() for p in left]}",
            )
            time.sleep(0.1)
        return code

    def stop(self) -> None:
        for pid in self.family():
            os.kill(pid, signal.SIGKILL)


def complete(command: list[str], folder: Path, **more: str) -> str:
    run = Run(command, folder, **more)
    try:
        code = run.ended(900)
        need(code == 0, f"the next run ended with {code}:\n{run.said()[-2000:]}")
        return run.said()
    finally:
        run.stop()


def interrupted(
    command: list[str], folder: Path, when: str, fault: str, delay: float, **more: str
) -> str:
    """Run a command into a fault; what it said. After a closed laptop it must end well by itself."""
    run = Run(command, folder, **more)
    try:
        run.until(when)
        time.sleep(delay)
        run.fault(fault)
        if fault == "closed laptop":
            code = run.ended(900)
            need(code == 0, f"it ended with {code} after it was stopped:\n{run.said()[-2000:]}")
        return run.said()
    finally:
        run.stop()


class Rows:
    """The table: how often each fault was tried at each place, and survived."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict] = {}

    def trial(self, place: str, fault: str, kept: str, body: Callable[[], object]) -> None:
        row = self.rows.setdefault(
            (place, fault),
            {"place": place, "fault": fault, "tried": 0, "survived": 0, "kept": kept},
        )
        row["tried"] += 1
        begin = time.monotonic()
        try:
            body()
            row["survived"] += 1
            print(f"survived  {place}: {fault}  {time.monotonic() - begin:.1f} s", flush=True)
        except (Broken, subprocess.SubprocessError, OSError) as error:
            print(f"BROKEN    {place}: {fault}: {error}", flush=True)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checksums(folder: Path) -> dict[Path, str]:
    lines = (folder / "data/checksums.txt").read_text().split("\n")
    return {
        folder / name: digest for digest, name in (line.split() for line in lines if line.strip())
    }


def set_up(rows: Rows, clone: Path, chance: random.Random) -> None:
    """A set-up from nothing, interrupted in each of its long steps by each fault, until it ends well."""
    command = ["npm", "run", "-s", "setup"]
    for step in ("node packages", "python packages", "native TensorFlow", "library and kernel"):
        for fault in list(FAULTS)[:3]:
            delay = chance.uniform(0.2, 3)
            kept = "the steps that were done; the step it was in runs again"
            rows.trial(
                "set-up",
                fault,
                kept,
                lambda: interrupted(command, clone, f"set-up: {step} …", fault, delay),
            )

    def slept() -> None:
        said = interrupted(command, clone, "set-up: library and kernel …", "closed laptop", 1)
        need("set-up: done" in said, said)
        need("nothing to do" in complete(command, clone), "a second set-up must have nothing to do")
        program = (
            "require('autoencoders/engine'); console.log(require('autoencoders').squaredError.name)"
        )
        need("squaredError" in complete(["node", "-e", program], clone), "the library must load")
        complete(
            [".venv/bin/python", "-c", "import jupyterlab, distributed, autoencoder_report"], clone
        )

    rows.trial("set-up", "closed laptop", "everything: it goes on", slept)


def data(rows: Rows, folder: Path, chance: random.Random) -> None:
    """The data step over a damaged file, which this run or the next must replace."""
    wanted = {path: digest for path, digest in checksums(folder).items() if "/mnist/" in str(path)}
    for fault in list(FAULTS) * 2:

        def body() -> None:
            for path in wanted:
                path.unlink(missing_ok=True)
            delay = chance.uniform(0, 0.2)
            try:
                interrupted(["npm", "run", "-s", "setup"], folder, "set-up: data …", fault, delay)
            finally:
                half = [
                    path.name
                    for path, digest in wanted.items()
                    if path.exists() and sha256(path) != digest
                ]
            need(not half, f"half files under their names: {half}")
            complete(["npm", "run", "-s", "setup"], folder)
            need(
                all(sha256(path) == digest for path, digest in wanted.items()),
                "every file must be there",
            )

        rows.trial("data verification", fault, "each file that was placed and verified", body)


CELL = """import * as tf from "@tensorflow/tfjs-node";
import { autoencoder, save, squaredError, train } from "autoencoders";
const { parameters, encode, decode } = autoencoder([64, 48, 64], { activation: "tanh", seed: 3 });
const x = tf.randomUniform([4000, 64], 0, 1, "float32", 5) as tf.Tensor2D;
const objective = (x: tf.Tensor) => ({ error: squaredError(x, decode(encode(x))) });
let taken = 0;
const go = async (epochs: number) => {
  for await (const { step, epoch, loss } of train(objective, parameters, x, { epochs, batchSize: 40, learningRate: 0.003 })) {
    taken = step;
    if (step % 50 === 0) save(FILE, { parameters, step });
    if (step % 10 === 0) console.log(epoch, step, loss);
  }
};"""


def kernel(rows: Rows, scratch: Path) -> None:
    """A cell that trains without end."""
    import psutil
    from jupyter_client.manager import KernelManager

    checkpoint = scratch / "kernel.safetensors"
    cell = CELL.replace("FILE", json.dumps(str(checkpoint)))

    def asked(client, code: str) -> str:
        said = []

        def hook(m):
            return said.append(m["content"].get("text", "")) if m["msg_type"] == "stream" else None  # noqa: E731

        reply = client.execute_interactive(code, timeout=60, output_hook=hook, allow_stdin=False)
        need(reply["content"]["status"] == "ok", f"{code[:60]} must run, got {reply['content']}")
        return "".join(said)

    @contextmanager
    def started(folder: Path):
        """A kernel that is ready, with its client, until the block ends."""
        manager = KernelManager(kernel_name="tslab")
        manager.start_kernel(cwd=str(folder))
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield manager, client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    def training(body: Callable) -> None:
        with started(scratch) as (manager, client):
            asked(client, cell)
            checkpoint.unlink(missing_ok=True)
            endless = client.execute("await go(100000);")
            end = time.monotonic() + 60
            while not checkpoint.exists():
                need(time.monotonic() < end, "training must come to its first checkpoint")
                time.sleep(0.05)
            body(manager, client, psutil.Process(manager.provisioner.pid), endless)

    def goes_on(client) -> None:
        """The cell is interrupted; the weights that it came to are there and trained further."""
        need(int(asked(client, "console.log(taken)")) > 50, "the steps must be kept")
        need(
            "true"
            in asked(client, "console.log(tf.isFinite(parameters.W1).all().dataSync()[0] === 1)"),
            "finite weights",
        )
        asked(client, "await go(1);")

    def interrupt(manager, client, process, endless) -> None:
        manager.interrupt_kernel()
        client._recv_reply(endless, timeout=60)
        goes_on(client)

    def ignored(manager, client, process, endless) -> None:
        process.send_signal(signal.SIGINT)
        alive_and_training(process)
        interrupt(manager, client, process, endless)

    def alive_and_training(process) -> None:
        before = checkpoint.stat().st_mtime_ns
        end = time.monotonic() + 20
        while checkpoint.stat().st_mtime_ns == before:
            need(process.is_running() and time.monotonic() < end, "the cell must go on")
            time.sleep(0.05)

    def ends(what: int) -> Callable:
        def body(manager, client, process, endless) -> None:
            process.send_signal(what)
            _, alive = psutil.wait_procs([process], timeout=10)
            need(not alive, "the kernel must end")
            training(interrupt)  # a new kernel works

        return body

    def slept(manager, client, process, endless) -> None:
        process.suspend()
        time.sleep(SLEEP)
        process.resume()
        alive_and_training(process)
        interrupt(manager, client, process, endless)

    def client_gone(manager, client, process, endless) -> None:
        client.stop_channels()
        before = process.memory_info().rss
        time.sleep(SLEEP)
        alive_and_training(process)
        need(process.memory_info().rss - before < 100e6, "what nobody reads must not pile up")
        second = manager.blocking_client()
        second.start_channels()
        second.kernel_info(reply=True, timeout=60)
        manager.interrupt_kernel()
        time.sleep(3)
        goes_on(second)
        second.stop_channels()

    def reading() -> None:
        """A cell that reads and verifies the digits without end."""
        with started(ROOT) as (manager, client):
            asked(
                client,
                'import { mnist } from "autoencoders"; import * as tf from "@tensorflow/tfjs-node"; let times = 0;',
            )
            endless = client.execute(
                "while (true) { tf.dispose(Object.values(await mnist('train'))); times++; console.log(times); }"
            )
            while client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
                pass
            time.sleep(0.1)
            manager.interrupt_kernel()
            client._recv_reply(endless, timeout=60)
            need(int(asked(client, "console.log(times)")) > 0, "what was counted must be kept")
            need(
                "[ 60000, 784 ]"
                in asked(client, "console.log((await mnist('train')).images.shape)"),
                "the data must be read again",
            )

    rows.trial(
        "reading data in a kernel",
        "kernel interrupt",
        "variables; the data are read again",
        reading,
    )
    here = "training in a kernel"
    kept = "variables, weights of the last whole step, the last checkpoint"
    rows.trial(here, "kernel interrupt", kept, lambda: training(interrupt))
    rows.trial(
        here,
        "Ctrl-C",
        "the cell goes on: a kernel is interrupted by message",
        lambda: training(ignored),
    )
    for name, what in (("SIGTERM", signal.SIGTERM), ("SIGKILL", signal.SIGKILL)):
        rows.trial(
            here,
            name,
            "the last checkpoint; a new kernel works",
            lambda what=what: training(ends(what)),
        )
    rows.trial(here, "closed laptop", "everything: the cell goes on", lambda: training(slept))
    rows.trial(
        here,
        "client goes away",
        "everything: the cell goes on, a new client is answered",
        lambda: training(client_gone),
    )


def program(rows: Rows, scratch: Path, chance: random.Random) -> None:
    """A plain Node program that saves after every step."""
    command = ["node", str(HERE / "train.cjs")]

    def last(said: str) -> str:
        return re.findall(r"last loss (\S+)", said)[-1]

    unbroken = last(complete([*command, str(scratch / "unbroken.safetensors")], ROOT))
    for fault in FAULTS:

        def body() -> None:
            folder = scratch / fault
            folder.mkdir()
            path = str(folder / "model.safetensors")
            said = interrupted(
                [*command, path], ROOT, "training from step", fault, chance.uniform(0.1, 0.6)
            )
            if fault != "closed laptop":
                said = complete([*command, path], ROOT)
            need(
                last(said) == unbroken,
                f"the last loss must be {unbroken}, as unbroken, got {last(said)}",
            )
            need(
                os.listdir(folder) == ["model.safetensors"],
                f"nothing else may be left, got {os.listdir(folder)}",
            )

        kept = (
            "everything: it goes on"
            if fault == "closed laptop"
            else "the last step's checkpoint; resumed to the same loss"
        )
        rows.trial("training in a program", fault, kept, body)


def report(rows: Rows, scratch: Path, chance: random.Random) -> None:
    """Chapter 00, run anew and exported."""
    for when, place in (
        ("cell 2/", "report, while a chapter runs"),
        ("ran     00", "report, while it exports"),
    ):
        for fault in FAULTS:
            out = scratch / f"reports {place} {fault}"

            def body() -> None:
                command = ["npm", "run", "-s", "report", "--", "00", "--out", str(out)]
                delay = chance.uniform(0, 1 if "cell" in when else 0.4)
                said = interrupted([*command, "--fresh"], ROOT, when, fault, delay)
                for page in out.glob("*") if out.exists() else []:
                    need(
                        page.suffix != ".html"
                        or page.read_text("utf-8").rstrip().endswith("</html>"),
                        f"half a page: {page}",
                    )
                need("Traceback" not in said, said)
                complete(command, ROOT)
                need(
                    (out / "index.html").exists() and list(out.glob("00-*.html")),
                    "both pages must be there",
                )
                need(
                    not list(out.glob(".*.part")),
                    f"no part may be left, got {list(out.glob('.*'))}",
                )

            kept = (
                "everything: it goes on"
                if fault == "closed laptop"
                else "chapters that have run; pages are whole, old or new"
            )
            rows.trial(place, fault, kept, body)


def sweep(rows: Rows, scratch: Path, chance: random.Random) -> None:
    """Six experiments on a local cluster."""

    def body(fault: str, **more: str) -> None:
        out = scratch / f"sweep {fault}.jsonl"
        command = [
            "npm",
            "run",
            "-s",
            "sweep",
            "--",
            "data/sweeps/small.json",
            "--out",
            str(out),
            "--workers",
            "2",
        ]
        said = interrupted(command, ROOT, "1/6|2/6", fault, chance.uniform(0, 2), **more)
        need("Traceback" not in said, said)
        before = out.read_text("utf-8").splitlines()
        complete(command, ROOT)
        lines = out.read_text("utf-8").splitlines()
        need(len(before) >= 1 and lines[: len(before)] == before, "what was done must be kept")
        need(
            len(lines) == 6 and len({json.loads(line)["id"] for line in lines}) == 6,
            "each experiment once",
        )

    for fault in FAULTS:
        kept = (
            "everything: it goes on"
            if fault == "closed laptop"
            else "every result so far, each once"
        )
        rows.trial("sweep", fault, kept, lambda: body(fault))


def main() -> int:
    places = ["set-up", "data", "kernel", "program", "report", "sweep"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        choices=places,
        action="append",
        help="some places; of the others the table keeps its rows",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="of the moments at which the faults come (1)"
    )
    given = parser.parse_args()
    chosen, chance, rows = given.only or places, random.Random(given.seed), Rows()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="interrupts é ") as folder:
        scratch, clone = Path(folder), ROOT
        if "set-up" in chosen:
            clone = scratch / "clone 学"
            subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
            set_up(rows, clone, chance)
        if "data" in chosen:
            data(rows, clone, chance)
        if "kernel" in chosen:
            kernel(rows, scratch)
        if "program" in chosen:
            program(rows, scratch, chance)
        if "report" in chosen:
            report(rows, scratch, chance)
        if "sweep" in chosen:
            sweep(rows, scratch, chance)
    ran = list(rows.rows.values())
    tried, survived = (sum(row[name] for row in ran) for name in ("tried", "survived"))
    print(f"\n{survived} of {tried} survived, in {time.monotonic() - begin:.0f} s")
    stored = ROOT / "test/interrupts.json"
    earlier = json.loads(stored.read_text("utf-8")) if stored.exists() else []
    kept = [row for row in earlier if row["place"] not in {row["place"] for row in ran}]
    stored.write_text(json.dumps(kept + ran, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0 if survived == tried else 1


if __name__ == "__main__":
    sys.exit(main())
