"""The sweep under faults, each made for real: `python src/sweep/test_sweep.py`."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from autoencoder_sweep import SweepError  # noqa: E402
from autoencoder_sweep.estimate import seconds_left, spoken  # noqa: E402
from autoencoder_sweep.results import Results, read_results, write_table  # noqa: E402

# Stands for an experiment: answers after a while, and says in a file which process runs it.
STAND_IN = """
import json, os, sys, time
document = json.loads(sys.stdin.readline())
open(os.path.join(sys.argv[1], f"{document['seed']}.{os.getpid()}"), "w").close()
time.sleep(float(sys.argv[2]))
print(json.dumps({"experiment": document, "status": "done", "metrics": {"x": document["seed"]}, "curves": {}, "seconds": {"total": 1.0}}))
"""

RAW = {"variant": "raw", "data": {"set": "mnist", "split": "tune", "limit": 100}, "metrics": ["l0"]}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Sweeping(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sweep é ")
        self.folder = Path(self._folder.name)
        self.addCleanup(self._folder.cleanup)
        self.out = self.folder / "results.jsonl"
        self.marks = self.folder / "marks"
        self.marks.mkdir()
        self.programs: list[subprocess.Popen] = []
        self.addCleanup(self._end_programs)

    def _end_programs(self):
        for program in self.programs:
            if program.poll() is None:
                program.kill()
            program.communicate()

    def sweep(self, experiments: list[dict], base: dict | None = None) -> Path:
        path = self.folder / "sweep.json"
        path.write_text(json.dumps({"base": base or RAW, "experiments": experiments}), "utf-8")
        return path

    def start(self, sweep: Path, *more: str, seconds: float | None = None) -> subprocess.Popen:
        """The driver; with `seconds` a stand-in takes the experiment's place and that long."""
        stand_in = self.folder / "stand-in.py"
        stand_in.write_text(STAND_IN, "utf-8")
        run = (
            []
            if seconds is None
            else ["--run", f"'{sys.executable}' '{stand_in}' '{self.marks}' {seconds}"]
        )
        program = subprocess.Popen(
            [sys.executable, "-m", "autoencoder_sweep", str(sweep), "--out", str(self.out), *run, *more],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(HERE)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.programs.append(program)
        return program

    def end(self, program: subprocess.Popen, code: int = 0) -> str:
        said, _ = program.communicate(timeout=120)
        self.assertEqual(program.returncode, code, said)
        return said

    def until(self, holds, what: str, seconds: float = 60):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"waited {seconds} s for {what}")
            time.sleep(0.05)

    def check(self, count: int):
        """Every experiment has exactly one result."""
        lines = self.out.read_text("utf-8").splitlines()
        self.assertEqual(len(lines), count)
        self.assertEqual(len({json.loads(line)["id"] for line in lines}), count)

    def seeds(self, count: int) -> Path:
        return self.sweep([{"seed": {"each": list(range(count))}}])

    def cluster(self, port: int, workers: int = 2) -> str:
        dask = [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler" if workers == 0 else "distributed.cli.dask_worker",
        ]
        address = f"tcp://127.0.0.1:{port}"
        quiet = {
            "cwd": self.folder,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "start_new_session": True,
        }
        scheduler = [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--no-dashboard",
        ]
        self.programs.append(subprocess.Popen(scheduler, **quiet))
        for _ in range(workers):
            self.programs.append(
                subprocess.Popen(
                    [
                        *dask,
                        address,
                        "--nthreads",
                        "1",
                        "--no-nanny",
                        "--no-dashboard",
                        "--death-timeout",
                        "60",
                    ],
                    **quiet,
                )
            )
        return address


class Faults(Sweeping):
    def test_a_worker_killed_in_mid_experiment_loses_and_doubles_nothing_and_leaves_no_process(
        self,
    ):
        address = self.cluster(free_port(), workers=2)
        worker = self.programs[-1]
        driver = self.start(self.seeds(8), "--scheduler", address, seconds=1)
        self.until(lambda: len(list(self.marks.iterdir())) >= 4, "a few experiments")
        os.killpg(worker.pid, signal.SIGKILL)
        self.end(driver)
        self.check(8)

    def test_a_scheduler_that_is_restarted_gets_what_is_not_done(self):
        port = free_port()
        address = self.cluster(port, workers=1)
        driver = self.start(self.seeds(5), "--scheduler", address, seconds=0.5)
        self.until(lambda: self.out.exists() and len(read_results(self.out)) >= 2, "two results")
        for program in self.programs[:2]:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        self.cluster(port, workers=1)
        self.end(driver)
        self.check(5)

    def test_an_interrupted_driver_keeps_what_is_done_and_the_same_command_goes_on(self):
        sweep = self.seeds(6)
        for signal_ in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            driver = self.start(sweep, "--workers", "1", seconds=0.3)
            before = len(read_results(self.out))
            self.until(lambda before=before: len(read_results(self.out)) > before, "a result more")
            driver.send_signal(signal_)
            driver.communicate(timeout=60)
            self.assertEqual(driver.returncode, -9 if signal_ == signal.SIGKILL else 130)
        said = self.end(self.start(sweep, "--workers", "1", seconds=0.3))
        self.assertIn("6 experiments", said)
        self.check(6)
        self.assertIn("all done", self.end(self.start(sweep, seconds=0.3)))

    def test_a_killed_worker_takes_its_node_process_with_it(self):
        address = self.cluster(free_port(), workers=1)
        worker = self.programs[-1]
        long = {
            "variant": "plain",
            "widths": [784, 256, 784],
            "activation": "relu",
            "epochs": 500,
            "batchSize": 64,
            "optimizer": "adam",
        }
        rest = {"learningRate": 0.001, "schedule": "constant", "loss": "squaredError", "seed": 1}
        driver = self.start(self.sweep([{**long, **rest}]), "--scheduler", address)
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
        found: list[int] = []

        def started() -> bool:
            found[:] = [
                int(p)
                for t in Path(f"/proc/{worker.pid}/task").iterdir()
                for p in (t / "children").read_text().split()
            ]
            return bool(found)

        self.assertTrue(children.exists())
        self.until(started, "the experiment's process")
        time.sleep(1.5)
        os.kill(worker.pid, signal.SIGKILL)
        self.until(lambda: not any(map(alive, found)), "the experiment's process to end", 20)
        driver.kill()

    def test_an_experiment_that_diverges_is_a_result_and_is_not_run_again(self):
        plain = {
            "variant": "plain",
            "widths": [784, 8, 784],
            "activation": "relu",
            "epochs": 3,
            "batchSize": 10,
            "optimizer": "sgd",
        }
        sweep = self.sweep(
            [
                {
                    **plain,
                    "learningRate": 1e6,
                    "schedule": "constant",
                    "loss": "squaredError",
                    "seed": 1,
                }
            ]
        )
        said = self.end(self.start(sweep))
        self.assertIn("1 diverged, 0 failed", said)
        (result,) = read_results(self.out)
        self.assertEqual(result["status"], "diverged")
        self.assertRegex(result["error"], r"step \d+: .*must be finite")
        self.assertIn("all done", self.end(self.start(sweep)))

    def test_an_experiment_that_fails_is_named_with_its_error_recorded_nowhere_and_run_again_next_time(
        self,
    ):
        sweep = self.seeds(1)
        said = self.end(
            self.start(
                sweep, "--run", f"'{sys.executable}' -c 'import sys; sys.exit(\"no memory\")'"
            ),
            1,
        )
        self.assertRegex(said, "FAILED [0-9a-f]{16}: .*no memory|no memory")
        self.assertEqual(read_results(self.out), [])
        self.end(self.start(sweep))
        self.check(1)

    def test_a_second_driver_on_the_same_file_is_turned_away(self):
        first = self.start(self.seeds(4), seconds=1)
        self.until(lambda: any(self.marks.iterdir()), "the first")
        self.assertIn("one sweep at a time", self.end(self.start(self.seeds(4), seconds=1), 2))
        self.end(first)
        self.check(4)

    def test_one_and_two_workers_on_ports_of_their_own_reach_the_same_numbers(self):
        plain = {
            "variant": "denoising",
            "widths": [784, 16, 784],
            "activation": "relu",
            "epochs": 1,
            "batchSize": 32,
            "optimizer": "adam",
        }
        rest = {
            "corruption": {"kind": "gaussian", "sigma": 0.3},
            "learningRate": 0.01,
            "schedule": "cosine",
            "loss": "squaredError",
        }
        base = {
            **RAW,
            "metrics": ["squaredErrorPerPixel", "probe1000"],
            "data": {"set": "mnist", "split": "tune", "limit": 1000},
        }
        sweep = self.sweep([{**plain, **rest, "seed": {"each": [1, 2]}}], base)
        numbers = []
        for workers in (1, 2):
            self.out = self.folder / f"{workers}.jsonl"
            self.end(self.start(sweep, "--scheduler", self.cluster(free_port(), workers)))
            numbers.append(
                sorted(
                    (r["id"], json.dumps([r["metrics"], r["curves"]]))
                    for r in read_results(self.out)
                )
            )
        self.assertEqual(numbers[0], numbers[1])
        self.assertEqual(len(numbers[0]), 2)


class File(Sweeping):
    def result(self, id: str, text: str = "") -> dict:
        return {
            "id": id,
            "experiment": {"variant": "raw", "seed": 1},
            "status": "done",
            "metrics": {"x": 1.5, "text": text},
            "seconds": {"total": 2.0},
        }

    def test_a_line_that_was_cut_off_is_removed_and_what_is_before_it_stays(self):
        with Results(self.out) as results:
            results.append(self.result("a"))
        whole = self.out.read_bytes()
        for cut in range(1, len(whole)):
            self.out.write_bytes(
                whole + whole[:cut] if cut < len(whole) - 1 else whole + whole[:-1]
            )
            with Results(self.out) as results:
                self.assertEqual(list(results.done), ["a"])
            self.assertEqual(self.out.read_bytes(), whole)

    def test_a_result_is_written_once(self):
        with Results(self.out) as results:
            self.assertTrue(results.append(self.result("a")))
            self.assertFalse(results.append(self.result("a")))
        self.check(1)

    def test_a_foreign_line_stops_the_sweep_and_changes_nothing(self):
        for foreign in ("hello\n", "3\n", '{"a": 1}\n'):
            self.out.write_text(foreign, "utf-8")
            with self.assertRaisesRegex(SweepError, "must hold one result a line"):
                Results(self.out)
            self.assertEqual(self.out.read_text("utf-8"), foreign)

    def test_a_full_disk_leaves_no_part_of_a_line_and_the_result_is_written_when_there_is_room(
        self,
    ):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
                told = []

                def wait(message: str) -> None:
                    told.append((message, len(read_results(self.out)), self.out.stat().st_size))
                    resource.setrlimit(
                        resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                    )

                with Results(self.out) as results:
                    results.append(self.result("a"), wait)
                    size = self.out.stat().st_size
                    results.append(self.result("b", "x" * 300), wait)
                ok = (
                    len(told) == 1
                    and told[0][1:] == (1, size)
                    and "cannot be written" in told[0][0]
                )
                code = 0 if ok and [r["id"] for r in read_results(self.out)] == ["a", "b"] else 2
            finally:
                os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def test_a_table_holds_any_text(self):
        path = self.folder / "table.csv"
        write_table(
            [self.result("a", 'comma, "quote"\nline'), {**self.result("b"), "error": "é"}], path
        )
        text = path.read_text("utf-8")
        self.assertEqual(text.splitlines()[0], "variant,seed,x,text,id,status,seconds.total,error")
        self.assertIn('"comma, ""quote""\nline"', text)
        self.assertFalse((self.folder / "table-pictures.csv").exists())

    def test_pictures_have_a_table_of_their_own(self):
        path = self.folder / "table.csv"
        write_table([{**self.result("a"), "pictures": "iVBO"}, self.result("b")], path)
        self.assertNotIn("iVBO", path.read_text("utf-8"))
        self.assertEqual(
            (self.folder / "table-pictures.csv").read_text("utf-8"), "id,png\na,iVBO\n"
        )


class Command(Sweeping):
    def test_a_dry_run_says_how_many_and_about_how_long_and_writes_nothing(self):
        said = self.end(self.start(self.seeds(12), "--dry-run"))
        self.assertRegex(said, r"^12 experiments, about \d+ (s|min)\n$")
        self.assertFalse(self.out.exists())

    def test_what_cannot_be_run_is_said_in_one_line(self):
        broken = self.folder / "broken.json"
        for text, expected in [
            ("{", "must be JSON"),
            ("{}", "a sweep must be"),
            ('{"experiments": [{"variant": "sparse"}]}', 'got "sparse"'),
        ]:
            broken.write_text(text, "utf-8")
            said = self.end(self.start(broken), 2)
            self.assertIn(expected, said)
            self.assertEqual(len(said.strip().splitlines()), 1, said)
        self.assertIn("a sweep must be a file", self.end(self.start(self.folder / "none.json"), 2))

    def test_the_time_left_follows_what_was_measured(self):
        listed = [{"id": str(i), "seconds": 10.0} for i in range(6)]
        self.assertEqual(seconds_left(listed, [], 2), 30)
        slow = [{"id": str(i), "seconds": {"total": 20.0}} for i in range(3)]
        self.assertEqual(seconds_left(listed, slow, 1), 60)
        self.assertEqual(seconds_left(listed[:3], slow, 1), 0)
        self.assertEqual(
            [spoken(s) for s in (3, 180, 9000)], ["about 3 s", "about 3 min", "about 2.5 h"]
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
