"""Tests of the sweep under real faults: `python src/sweep/test_sweep.py`."""

import io
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
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from autoencoder_sweep import SweepError  # noqa: E402
from autoencoder_sweep.__main__ import main  # noqa: E402
from autoencoder_sweep.estimate import seconds_left, spoken  # noqa: E402
from autoencoder_sweep.results import Results, read_results, write_table  # noqa: E402

# Stands for an experiment: answers after a while; a file names the process that runs it.
STAND_IN = """
import json, os, sys, time
document = json.loads(sys.stdin.readline())
open(os.path.join(sys.argv[1], f"{document['seed']}.{os.getpid()}"), "w").close()
time.sleep(float(sys.argv[2]))
metrics = {"x": document["seed"]}
print(json.dumps({"status": "done", "metrics": metrics, "curves": {}, "seconds": {"total": 1.0}}))
"""

# Experiment 1 kills the worker that runs it, each time; the others answer.
KILLER = """
import json, os, signal, sys
document = json.loads(sys.stdin.readline())
if document["seed"] == 1:
    os.kill(os.getppid(), signal.SIGKILL)
print(json.dumps({"status": "done", "metrics": {}, "seconds": {"total": 1.0}}))
"""

# A stranger on this machine: knows every listening port, and has no certificate of the cluster.
STRANGER = """
import asyncio, sys, urllib.error, urllib.request
from distributed.comm import connect
from distributed.security import Security
rows = [line.split() for line in open("/proc/net/tcp").readlines()[1:]]
ports = [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"]
PAGES = ("", "status", "info/main/workers.html", "metrics", "json/counts.json", "health")
for port in set(ports) & set(map(int, sys.argv[1:])):
    try:
        for path in PAGES:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=3)
                print("READ", port, path)
            except urllib.error.HTTPError as error:
                print("closed", port, path, error.code)
        continue
    except (OSError, ValueError):
        pass  # it does not speak HTTP
    for scheme, security in (("tcp", Security()), ("tls", Security.temporary())):
        arguments = security.get_connection_args("client")
        try:
            asyncio.run(connect(f"{scheme}://127.0.0.1:{port}", timeout=2, **arguments))
            print("JOINED", scheme, port)
        except (OSError, ValueError, RuntimeError) as error:
            print("refused", scheme, port, type(error).__name__)
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

    def refused(self, sweep: Path, *more: str) -> str:
        """The one line by which the driver, here in this process, refuses these options."""
        given = [str(sweep), "--out", str(self.out), *more]
        handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        with redirect_stdout(io.StringIO()) as text, redirect_stderr(text):
            code = main(given)
        for each, handler in handlers.items():
            signal.signal(each, handler)
        said = text.getvalue()
        self.assertEqual(code, 2, said)
        self.assertEqual(len(said.strip().splitlines()), 1, said)
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

    def stand_in(self, text: str) -> tuple[str, str]:
        """Options for a command in place of the experiment's."""
        program = self.folder / "program.py"
        program.write_text(text, "utf-8")
        return "--run", f"'{sys.executable}' '{program}'"

    def test_an_experiment_that_always_kills_its_worker_is_named_and_the_others_have_results(self):
        sweep = self.seeds(4)
        begin = time.monotonic()
        said = self.end(self.start(sweep, "--workers", "2", *self.stand_in(KILLER)), 1)
        self.assertRegex(said, "FAILED [0-9a-f]{16}: the experiment must leave its worker alive")
        self.assertIn("3 of 4 experiments", said)
        self.assertLess(time.monotonic() - begin, 60)
        self.check(3)

    def test_an_answer_that_is_no_result_is_named_and_not_kept(self):
        whole = '{"status": "done", "metrics": {}, "seconds": {"total": 1}}'
        answers = {
            "[1, 2]": r"got \[1, 2\] instead of a record",
            "hello": "got Expecting value",
            "[" * 100_000: "got JSON nested too deeply",
            '{"status": "done", "metrics": {}}': 'no number "seconds"',
            whole.replace("1}", "NaN}"): "got NaN, which is not JSON",
            whole.replace("{}", "3"): 'no record "metrics"',
            whole.replace("done", "fine"): 'status "fine", not "done" or "diverged"',
        }
        program = "import json, sys; n = json.loads(sys.stdin.readline())['seed']\n"
        program += f"print({list(answers)!r}[n] if n < {len(answers)} else {whole!r})"
        sweep = self.seeds(len(answers) + 1)
        said = self.end(self.start(sweep, "--workers", "2", *self.stand_in(program)), 1)
        for expected in answers.values():
            self.assertRegex(said, f"FAILED .*the experiment must print a result, .*{expected}")
        self.check(1)
        self.assertEqual(len(said.strip().splitlines()), 3 + len(answers), said)


class Strangers(Sweeping):
    def ports_of(self, pid: int) -> list[str]:
        """Ports that a process and its descendants listen on."""
        import psutil

        root = psutil.Process(pid)
        return [
            str(one.laddr.port)
            for process in [root, *root.children(recursive=True)]
            for one in process.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN
        ]

    def stranger(self, driver: subprocess.Popen) -> str:
        self.until(lambda: any(self.marks.iterdir()), "an experiment that runs")
        ports = self.ports_of(driver.pid)
        self.assertGreaterEqual(len(ports), 2)
        program = [sys.executable, "-c", STRANGER, *ports]
        run = subprocess.run(program, capture_output=True, text=True, timeout=300, check=True)
        self.assertIsNone(driver.poll(), "the sweep must outlive the stranger's attempts")
        self.assertGreaterEqual(run.stdout.count("refused"), 2, run.stdout + run.stderr)
        return run.stdout

    def test_another_account_can_neither_join_the_local_cluster_nor_read_of_it(self):
        driver = self.start(self.seeds(2), "--workers", "1", seconds=40)
        said = self.stranger(driver)
        self.assertNotIn("JOINED", said)
        self.assertNotIn("READ", said)
        self.assertRegex(said, r"closed \d+ status 404")
        driver.terminate()
        self.assertNotIn("dashboard", self.end(driver, 130))

    def test_a_dashboard_is_served_when_asked_for_and_says_who_can_read_it(self):
        driver = self.start(self.seeds(2), "--workers", "1", "--dashboard", seconds=40)
        said = self.stranger(driver)
        self.assertNotIn("JOINED", said)
        self.assertIn("READ", said)
        driver.terminate()
        self.assertRegex(
            self.end(driver, 130),
            "dashboard: http://127.0.0.1:.*every account on this machine can read",
        )

    def certificates(self) -> dict[str, str]:
        """Files of a cluster that asks for certificates."""
        from distributed.security import Security

        security = Security.temporary()
        files = {}
        for name, text in (
            ("ca", security.tls_ca_file),
            ("cert", security.tls_client_cert),
            ("key", security.tls_client_key),
        ):
            path = self.folder / f"{name}.pem"
            path.write_text(text)
            files[name] = str(path)
        return files

    def test_a_cluster_with_certificates_is_reached_with_them_and_refuses_others_at_once(self):
        files = self.certificates()
        options = [f"--tls-{name}-file={path}" if name == "ca" else f"--tls-{name}={path}"
                   for name, path in files.items()]  # fmt: skip
        port = free_port()
        address = f"tls://127.0.0.1:{port}"
        for line in (
            ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port),
             "--protocol", "tls", "--no-dashboard"],
            ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
             "--no-dashboard"],
        ):  # fmt: skip
            self.programs.append(
                subprocess.Popen(
                    [sys.executable, "-m", *line, *options],
                    cwd=self.folder,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        given = [part for name, path in files.items() for part in (f"--tls-{name}", path)]
        driver = self.start(self.seeds(2), "--scheduler", address, *given, seconds=0.1)
        self.end(driver)
        self.check(2)
        self.certificates()  # of another cluster, under the same names
        self.out.unlink()
        begin = time.monotonic()
        driver = self.start(self.seeds(2), "--scheduler", address, *given, seconds=0.1)
        self.assertIn("must accept the certificates", self.end(driver, 2))
        self.assertLess(time.monotonic() - begin, 30)


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
            ('{"experiments": [' + "[" * 100_000 + "]" * 100_000 + "]}", "must be a record"),
            (
                json.dumps({"experiments": [dict.fromkeys("abcdefghijkl", {"each": [1] * 10})]}),
                "at most 100000 experiments, got 1000000000000",
            ),
        ]:
            broken.write_text(text, "utf-8")
            self.assertIn(expected, self.refused(broken))
        self.assertIn("a sweep must be a file", self.refused(self.folder / "none.json"))

    def test_options_that_cannot_be_used_are_said_in_one_sentence_before_anything_runs(self):
        sweep = self.seeds(2)
        file = self.folder / "file"
        file.touch()
        for options, expected in [
            (["--workers", "0"], "--workers must be 1 or more, got 0"),
            (["--workers", "-3"], "--workers must be 1 or more, got -3"),
            (["--scheduler", "garbage"], "--scheduler must be an address such as tcp://"),
            (["--scheduler", "http://host:8786"], "--scheduler must be an address"),
            (["--scheduler", "tcp://host"], "--scheduler must be an address"),
            (["--scheduler", "tcp://host:99999"], "--scheduler must be an address"),
            (["--scheduler", ""], "--scheduler must be an address"),
            (["--scheduler", "tls://host:8786"], "must have --tls-ca FILE.pem, got none"),
            (["--scheduler", "tls://h:1", "--tls-ca", str(sweep)], "must have --tls-cert FILE.pem"),
            (
                ["--scheduler", "tls://h:1", "--tls-ca", str(sweep), "--tls-cert", str(sweep)],
                "got files that do not load",
            ),
            (["--scheduler", "tls://h:1", "--tls-ca", "none.pem"], "--tls-ca must be a file"),
            (["--scheduler", "tcp://h:1", "--tls-key", str(file)], "write tls://h:1"),
            (["--tls-key", str(file)], "must go with --scheduler"),
            (["--dashboard", "--scheduler", "tcp://h:1"], "must go without --scheduler"),
            (["--out", str(self.folder)], "--out must be a file, got a folder"),
            (["--out", "/dev/null"], "--out must be a file, got a folder or a device"),
            (["--out", str(file / "x.jsonl")], "must be a file"),
            (["--csv", str(self.folder)], "--csv must be a file, got a folder"),
            (["--csv", str(file / "x.csv")], "--csv must be a file"),
        ]:
            with self.subTest(options=options):
                command = f"'{sys.executable}' -c 'open(\"{self.marks}/run\", \"w\")'"
                self.assertIn(expected, self.refused(sweep, "--run", command, *options))
        self.assertEqual(list(self.marks.iterdir()), [])

    def test_a_line_of_an_earlier_run_that_is_no_result_is_named(self):
        poison = '{"id": "a", "experiment": {}, "status": "done", "metrics": {}}'
        self.out.write_text(poison + "\n", "utf-8")
        said = self.refused(self.seeds(1))
        self.assertIn('must hold one result a line, got no number "seconds"', said)

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
