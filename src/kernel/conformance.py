"""Check the kernel with jupyter_kernel_test: `.venv/bin/python src/kernel/conformance.py`.

Runs the installed kernelspec `tslab`. SOAK_CELLS (default 2,000) sizes the soak.
"""

import contextlib
import functools
import os
import queue
import time
import unittest

import jupyter_kernel_test
import psutil

SLEEP = "const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));"


class Conformance(jupyter_kernel_test.KernelTests):
    kernel_name = "tslab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("oops")'
    code_page_something = ""
    code_generate_error = 'throw new Error("boom")'
    code_execute_result = [
        {"code": "1 + 1", "result": "2"},
        {"code": "[1, 2]", "result": "[ 1, 2 ]"},
        {"code": "await Promise.resolve(7)", "result": "7"},
        {"code": "const big = new Float32Array(3); big", "result": "Float32Array(3) [ 0, 0, 0 ]"},
    ]
    code_display_data = [
        {"code": 'require("tslab").display.html("<b>x</b>")', "mime": "text/html"},
        {"code": 'require("tslab").display.png(new Uint8Array([1, 2]))', "mime": "image/png"},
        {
            "code": '(globalThis as any)[Symbol.for("jupyter.kernel")].publish({ "text/markdown": "*x*" })',
            "mime": "text/markdown",
        },
    ]
    code_clear_output = '(globalThis as any)[Symbol.for("jupyter.kernel")].clear(true)'
    code_inspect_sample = "console.log"
    code_history_pattern = "1 ? 1*"
    supported_history_operations = ("tail", "range", "search")
    code_stop_on_error_sample = ""
    complete_code_samples = [
        "1",
        "const a = 1;",
        "function f() { return 1 }",
        "for (const a of [1]) { a }",
        "`a`",
    ]
    incomplete_code_samples = ["function f() {", "const a = [1,", "`a", "f(", "/* a"]
    invalid_code_samples = ["const = 1;", "1 2", "function { }", "a b"]
    completion_samples = [
        {"text": "consol", "matches": {"console"}},
        {"text": "Math.flo", "matches": {"floor"}},
        {"text": '"a".toUpp', "matches": {"toUpperCase"}},
    ]


def started():
    """Manager and client of a new kernel, with other ports if a program has just taken one."""
    from jupyter_client.manager import start_new_kernel

    for _ in range(2):
        with contextlib.suppress(RuntimeError):  # the kernel ended before it was ready
            return start_new_kernel(kernel_name="tslab")
    return start_new_kernel(kernel_name="tslab")


class Session(unittest.TestCase):
    """Helpers that run one cell and collect everything it published."""

    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = started()

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()

    def published(self, message_id, timeout=30):
        messages = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return messages
            if message["msg_type"] not in ("status", "execute_input"):
                messages.append(message)

    def reply(self, message_id, timeout=30):
        while True:
            message = self.client.get_shell_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") == message_id:
                return message["content"]

    def run_cell(self, code, **options):
        message_id = self.client.execute(code, **options)
        messages = self.published(message_id)
        return self.reply(message_id), messages

    def interrupt(self):
        """Returns when the kernel has answered."""
        control = self.client.control_channel
        message = self.client.session.msg("interrupt_request", {})
        control.send(message)
        while (
            control.get_msg(timeout=10)["parent_header"].get("msg_id")
            != message["header"]["msg_id"]
        ):
            pass

    def begun(self, code):
        """Starts a cell; returns the id of its message once it has printed."""
        message_id = self.client.execute(code)
        while self.client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
            pass
        return message_id

    def interrupted(self, message_id):
        """Seconds from an interrupt of a running cell to its end; checks that the cell says so."""
        start = time.monotonic()
        self.interrupt()
        self.published(message_id)
        took = time.monotonic() - start
        reply = self.reply(message_id)
        self.assertEqual((reply["status"], reply["ename"]), ("error", "KeyboardInterrupt"))
        return took

    def assert_once_within(self, seconds, attempt):
        """Repeats an attempt that took too long, twice at most.

        A busy machine delays one attempt, a slow kernel delays all of them.
        """
        times = []
        while len(times) < 3:
            times.append(attempt())
            if times[-1] < seconds:
                return
        self.fail(f"one of three attempts must end within {seconds} s, took {times}")

    def asked(self, code, *answers, interrupt_after=None, **options):
        """Runs a cell that asks for lines; its questions, then its reply, then what it published."""
        message_id = self.client.execute(code, **options)
        questions, waiting = [], list(answers)
        if interrupt_after is not None:
            questions.append(self.client.get_stdin_msg(timeout=10)["content"])
            time.sleep(interrupt_after)
            self.interrupt()
        while waiting:
            questions.append(self.client.get_stdin_msg(timeout=10)["content"])
            self.client.input(waiting.pop(0))
        messages = self.published(message_id)
        with self.assertRaises(queue.Empty, msg="a question too many"):
            self.client.get_stdin_msg(timeout=0.1)
        return [q["prompt"] for q in questions], self.reply(message_id), messages

    def value(self, code):
        reply, messages = self.run_cell(code)
        self.assertEqual(reply["status"], "ok", reply.get("traceback"))
        return [
            m["content"]["data"]["text/plain"]
            for m in messages
            if m["msg_type"] == "execute_result"
        ][0]

    def failure(self, code):
        reply, messages = self.run_cell(code)
        self.assertEqual(reply["status"], "error")
        errors = [m["content"] for m in messages if m["msg_type"] == "error"]
        self.assertEqual(len(errors), 1)
        return errors[0], "\n".join(errors[0]["traceback"])


class Errors(Session):
    def test_all_diagnostics_come_at_once_with_code_place_and_underline(self):
        error, text = self.failure('const a: number = "x";\nconst b: string = 2;')
        self.assertEqual(error["ename"], "TypeScriptError")
        self.assertIn("1:7", text)
        self.assertIn("2:7", text)
        self.assertEqual(text.count("TS2322"), 2)
        self.assertIn("   2 | const b: string = 2;", text)
        self.assertIn("~", text)

    def test_a_failing_cell_fails_again_when_it_runs_again(self):
        for _ in range(3):
            self.assertIn("TS2322", self.failure('const again: number = "x";')[1])

    def test_a_runtime_error_points_at_the_line_and_column_of_its_cell(self):
        code = "interface Unused { a: number }\nfunction thrower() {\n  throw new RangeError('far');\n}\n\nthrower();"
        error, text = self.failure(code)
        self.assertEqual((error["ename"], error["evalue"]), ("RangeError", "far"))
        self.assertIn("   3 |   throw new RangeError('far');", text)
        self.assertRegex(text, r"thrower \(cell\[\d+\]:3:9\)")
        self.assertRegex(text, r"cell\[\d+\]:6:1")
        self.assertNotIn("node:internal", text)

    def test_an_error_of_a_function_of_an_earlier_cell_points_there(self):
        self.run_cell("const half = (v: number[]) => {\n  return v[0]!.toFixed(200);\n};")
        self.assertIn("   2 |   return v[0]!.toFixed(200);", self.failure("half([1])")[1])

    def test_causes_and_aggregated_errors_are_shown(self):
        text = self.failure(
            'throw new Error("outer", { cause: new AggregateError([new Error("inner")], "many") })'
        )[1]
        for part in ("outer", "Caused by", "many", "inner"):
            self.assertIn(part, text)

    def test_an_unhandled_rejection_fails_its_cell(self):
        self.assertEqual(
            self.failure('Promise.reject(new Error("unseen")); 1')[0]["evalue"], "unseen"
        )

    def test_the_exception_of_a_timer_fails_its_cell(self):
        error, _ = self.failure(
            f'{SLEEP} setTimeout(() => {{ throw new Error("timer") }}, 20); await sleep(500)'
        )
        self.assertEqual(error["evalue"], "timer")
        error, _ = self.failure('setTimeout(() => { throw new Error("short timer") }, 20)')
        self.assertEqual(error["evalue"], "short timer")

    def test_anything_can_be_thrown(self):
        self.failure("throw null")
        self.failure("throw { get stack(): string { throw 1 } }")
        self.failure("throw new Proxy(new Error('p'), { get() { throw 1 } })")
        self.assertEqual(self.value("1"), "1")

    def test_leaving_the_process_is_refused(self):
        self.assertIn("process.exit", self.failure("process.exit(3)")[1])

    def test_a_name_that_a_failed_cell_did_assign_survives_and_an_old_value_is_kept(self):
        self.run_cell("const old = 1;")
        self.failure("const early = 5; const old = ((): number => { throw new Error('x') })();")
        self.assertEqual(self.value("early + old"), "6")


class Language(Session):
    def test_top_level_await_in_every_form(self):
        self.assertEqual(self.value("const { a } = await Promise.resolve({ a: 3 }); a"), "3")
        self.run_cell("for await (const v of [Promise.resolve(1), 2]) console.log(v)")
        self.assertEqual(
            self.value("let sum = 0; for await (const v of [1, 2]) { sum += v } sum"), "3"
        )
        self.assertEqual(self.value("if (true) { await 1 } `${await 2}`"), "'2'")
        self.assertEqual(self.value("const m = await import('node:path'); m.sep"), "'/'")

    def test_a_cell_of_types_only(self):
        self.assertEqual(
            self.run_cell("interface P { x: number }\ntype Q = P[];")[0]["status"], "ok"
        )
        self.assertEqual(self.value("const q: Q = [{ x: 1 }]; q.length"), "1")

    def test_everything_can_be_declared_again_with_another_type(self):
        for code in (
            "const r = 1",
            "const r = 'a'",
            "function r() { return 1 }",
            "class r {}",
            "let r = [1]",
        ):
            self.assertEqual(self.run_cell(code)[0]["status"], "ok", code)
        self.assertEqual(self.value("r.length"), "1")

    def test_a_closure_sees_what_a_later_cell_assigns(self):
        self.run_cell("let k = 1; const read = () => k; const bump = () => { k++ };")
        self.run_cell("k = 5;")
        self.assertEqual(self.value("read()"), "5")
        self.run_cell("bump()")
        self.assertEqual(self.value("[k, read()]"), "[ 6, 6 ]")
        self.run_cell("let [d, e] = [1, 2]; const both = () => d + e;")
        self.run_cell("d = 10")
        self.assertEqual(self.value("both()"), "12")

    def test_destructuring_under_another_name_takes_the_property(self):
        self.run_cell("const pair = { w: 1, v: { u: 2 } };")
        self.assertEqual(
            self.value("const { w: first, v: { u: second } } = pair; [first, second]"), "[ 1, 2 ]"
        )
        self.assertEqual(self.value("let third = 0; ({ w: third } = pair); third"), "1")
        self.assertEqual(
            self.value(
                "const sums: number[] = []; for (const { w: a } of [pair]) sums.push(a); sums"
            ),
            "[ 1 ]",
        )

    def test_shorthand_properties_name_variables_of_earlier_cells(self):
        self.run_cell("let sh = 4;")
        self.assertEqual(self.value("({ sh })"), "{ sh: 4 }")
        self.run_cell("({ sh } = { sh: 6 })")
        self.assertEqual(self.value("sh"), "6")

    def test_a_let_without_a_value_is_undefined_again(self):
        self.run_cell("let u: number | undefined = 4;")
        self.run_cell("let u: number | undefined;")
        self.assertEqual(self.value("String(u)"), "'undefined'")

    def test_cells_are_checked_strictly_unless_told_otherwise(self):
        self.assertIn("TS7006", self.failure("const f = (z) => z;")[1])
        self.assertEqual(self.value("// @ts-nocheck\nconst f2 = (z) => z; f2(2)"), "2")
        self.assertIn("TS7006", self.failure("const f3 = (z) => z;")[1])
        message = self.client.session.msg(
            "execute_request", {"code": "const f4 = (z) => z; await 4", "silent": False}
        )
        message["metadata"] = {"typecheck": "off"}
        self.client.shell_channel.send(message)
        self.assertEqual(
            self.published(message["header"]["msg_id"])[0]["content"]["data"]["text/plain"], "4"
        )

    def test_output_keeps_its_order(self):
        messages = self.run_cell(
            'console.log(1); console.error(2); console.log(3); process.stdout.write("4"); 5'
        )[1]
        texts = [(m["content"].get("name"), m["content"].get("text")) for m in messages[:-1]]
        self.assertEqual(texts, [("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n4")])
        self.assertEqual(messages[-1]["msg_type"], "execute_result")

    def test_values_show_by_their_own_bundle(self):
        code = '({ [Symbol.for("Jupyter.display")]: async () => ({ "text/html": "<i>y</i>", "text/plain": "y" }) })'
        data = self.run_cell(code)[1][0]["content"]["data"]
        self.assertEqual(data, {"text/html": "<i>y</i>", "text/plain": "y"})

    def test_tensors_frames_and_typed_arrays_show_as_what_they_hold(self):
        self.run_cell(
            'import * as tf from "@tensorflow/tfjs-node"; import * as dfd from "danfojs-node"; import "autoencoders/display";'
        )

        def shown(code):
            return self.run_cell(code)[1][0]["content"]["data"]

        self.assertIn("Tensor [2, 3] float32", shown("tf.ones([2, 3])")["text/html"])
        self.assertIn("2 rows × 1 columns", shown("new dfd.DataFrame({ a: [1, 2] })")["text/html"])
        self.assertEqual(
            shown("new Float32Array([1, 2])")["text/plain"], "Float32Array(2) [ 1, 2 ]"
        )

    def test_output_is_cleared_on_request(self):
        cleared = self.run_cell('(globalThis as any)[Symbol.for("jupyter.kernel")].clear(true)')[1][
            0
        ]
        self.assertEqual(
            (cleared["msg_type"], cleared["content"]), ("clear_output", {"wait": True})
        )

    def test_a_display_can_be_updated(self):
        code = 'const hook = (globalThis as any)[Symbol.for("jupyter.kernel")]; hook.publish({ "text/plain": "a" }, { display_id: "d" });'
        self.run_cell(code)
        update = self.run_cell(
            'hook.publish({ "text/plain": "b" }, { display_id: "d", update: true })'
        )[1][0]
        self.assertEqual(update["msg_type"], "update_display_data")
        self.assertEqual(update["content"]["transient"], {"display_id": "d"})

    def test_inspection_gives_signature_and_documentation_in_markdown_and_plain_text(self):
        self.run_cell(
            "/** Doubles.\n * @param v the number */\nfunction twice(v: number): number { return 2 * v }"
        )
        for code, position in (("twice", 3), ("twice", 5), ("twice(1, ", 9)):
            reply = self.reply(self.client.inspect(code, position))
            self.assertTrue(reply["found"], code)
            for kind in ("text/plain", "text/markdown"):
                for part in ("function twice(v: number): number", "Doubles.", "the number"):
                    self.assertIn(part, reply["data"][kind])
        self.assertFalse(self.reply(self.client.inspect("   ", 1))["found"])

    def test_completion_counts_characters_not_code_units(self):
        self.run_cell("const alphabet = 'abc';")
        reply = self.reply(self.client.complete("'\U0001f600'; alphab", 11))
        self.assertIn("alphabet", reply["matches"])
        self.assertEqual((reply["cursor_start"], reply["cursor_end"]), (5, 11))

    def test_user_expressions_are_evaluated(self):
        reply = self.run_cell("const ue = 3", user_expressions={"a": "ue * 2", "b": "nowhere.x"})[0]
        self.assertEqual(reply["user_expressions"]["a"]["data"]["text/plain"], "6")
        self.assertEqual(reply["user_expressions"]["b"]["status"], "error")

    def test_a_file_beside_the_notebook_is_imported_and_read_again_when_changed(self):
        folder = self.value("process.cwd()").strip("'")
        path = os.path.join(folder, "beside_conformance.ts")
        try:
            for number in (1, 22):
                with open(path, "w") as file:
                    file.write(f"export const beside = (x: number): number => x + {number};\n")
                self.assertEqual(
                    self.value('import { beside } from "./beside_conformance"; beside(1)'),
                    str(number + 1),
                )
        finally:
            os.remove(path)


class Interrupts(Session):
    CASES = {
        "a synchronous loop": "while (true) {}",
        "a loop of microtasks": "while (true) await null",
        "an awaiting loop": "for (;;) { await sleep(1); n++ }",
        "an interval": "setInterval(() => n++, 1); await new Promise(() => {})",
        "immediates": "const again = () => { n++; setImmediate(again) }; again(); await new Promise(() => {})",
        "ticks": "const tick = () => { n++; process.nextTick(tick) }; tick(); await sleep(10)",
        "a loop in a timer": "setTimeout(() => { while (true) {} }, 5); await sleep(5000)",
        "native promises": "for (;;) { await import('node:fs').then((fs) => fs.promises.stat('/')); n++ }",
        "a loop that catches": "for (;;) { try { await sleep(5); n++ } catch {} }",
        "an async generator": "async function* count() { for (;;) { await sleep(1); yield n++ } } for await (const v of count()) v",
        "a blocking wait": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000)",
        "the signal": 'await new Promise((_, no) => (globalThis as any)[Symbol.for("autoencoders.signal")].addEventListener("abort", () => no(new Error("aborted"))))',
    }

    def test_every_kind_of_cell_stops_within_a_second_and_stays_stopped(self):
        self.run_cell(f"let n = 0; {SLEEP}")

        def attempt(name, code):
            begin = f'const kept = {len(name)}; console.log("under way");'
            message_id = self.begun(f"{begin} {code}")
            time.sleep(0.1)
            took = self.interrupted(message_id)
            first = self.value("n")
            time.sleep(0.05)
            self.assertEqual(self.value("n"), first)
            self.assertEqual(self.value("kept"), str(len(name)))
            return took

        for name, code in self.CASES.items():
            with self.subTest(name):
                self.assert_once_within(1.0, functools.partial(attempt, name, code))

    def test_gradients_still_work_after_an_interrupt_in_a_native_operation(self):
        self.run_cell(
            'import * as tf from "@tensorflow/tfjs-node"; const big = tf.ones([2500, 2500]);'
        )
        forever = "while (true) big.matMul(big).dataSync();"
        for code in (
            forever,
            f"const busy = () => {{ {forever} }}; busy()",
            f"new Function('big', '{forever}')(big)",
            f"tf.tidy(() => new Function('big', '{forever}')(big))",
        ):
            with self.subTest(code):
                message_id = self.begun(f'console.log("under way"); {code}')
                time.sleep(0.2)
                self.interrupted(message_id)
                self.assertEqual(
                    self.value("tf.grad((x) => x.square().sum())(tf.tensor([3])).dataSync()[0]"),
                    "6",
                )

    def test_a_training_run_stops_within_a_second_and_keeps_its_weights(self):
        self.run_cell(
            'import * as tf from "@tensorflow/tfjs-node"; import { autoencoder, squaredError, train } from "autoencoders";'
        )
        self.run_cell(
            'const net = autoencoder([784, 1000, 784], { activation: "relu", seed: 1 }), x = tf.randomUniform<tf.Rank.R2>([4096, 784], 0, 1, "float32", 1);'
        )
        self.run_cell("const before = net.parameters.W1.dataSync().slice(); let taken = 0;")
        code = """
for await (const { step } of train((x) => ({ error: squaredError(x, net.decode(net.encode(x))) }), net.parameters, x,
  { epochs: 1e6, batchSize: 256, learningRate: 1e-3, seed: 1 })) {
  taken = step;
  if (step === 3) console.log("under way");
}
"""

        self.assert_once_within(1.0, lambda: self.interrupted(self.begun(code)))
        self.assertGreater(int(self.value("taken")), 0)
        self.assertEqual(self.value("net.parameters.W1.dataSync().every(Number.isFinite)"), "true")
        self.assertEqual(
            self.value("net.parameters.W1.dataSync().some((w, i) => w !== before[i])"), "true"
        )

    def test_an_idle_kernel_does_not_mind(self):
        self.interrupt()
        self.assertEqual(self.value("2"), "2")

    def test_the_next_cell_is_not_hit(self):
        for _ in range(10):
            message_id = self.client.execute("await new Promise((r) => setTimeout(r, 20))")
            time.sleep(0.02)
            self.interrupt()
            self.published(message_id)
            self.reply(message_id)
            self.assertEqual(
                self.value("await new Promise((r) => setTimeout(() => r(3), 50))"), "3"
            )


class Input(Session):
    RL = 'const rl = require("node:readline").createInterface(process.stdin, process.stdout);'
    RLP = 'const rl = require("node:readline/promises").createInterface({ input: process.stdin });'
    CASES = {
        "prompt": ('prompt("a")', ["a "], ["1"], "'1'"),
        "prompt with a default": ('prompt("a", "b")', ["a [b] "], [""], "'b'"),
        "confirm": (
            '[confirm("a"), confirm("b")]',
            ["a [y/N] ", "b [y/N] "],
            ["y", ""],
            "[ true, false ]",
        ),
        "promises": (
            RLP
            + 'const a = await rl.question("a "), b = await rl.question("b "); rl.close(); a + b',
            ["a ", "b "],
            ["1", "2"],
            "'12'",
        ),
        "callbacks": (
            RL
            + 'rl.question("a ", (a: string) => rl.question("b ", (b: string) => { console.log(a + b); rl.close() }))',
            ["a ", "b "],
            ["1", "2"],
            "12\n",
        ),
        "lines": (
            RL + "let n = 0; for await (const line of rl) { n += +line; if (n > 2) break } n",
            ["", ""],
            ["1", "2"],
            "3",
        ),
        "a read-eval-print loop": (
            RL
            + 'rl.setPrompt("> "); rl.prompt(); rl.on("line", (l: string) => { console.log(l); if (l === "q") rl.close(); else rl.prompt() }); undefined',
            ["> ", "> "],
            ["1", "q"],
            "1\nq\n",
        ),
        "the stream, after an unfinished line": (
            'process.stdout.write("age? "); String(await new Promise((r) => process.stdin.once("data", r)))',
            ["age? "],
            ["40"],
            "'40\\n'",
        ),
        "the stream as an iterator": (
            'let all = ""; for await (const chunk of process.stdin) { all += chunk; if (all.length > 3) break } all',
            ["", ""],
            ["1", "2"],
            "'1\\n2\\n'",
        ),
    }

    def test_every_way_to_ask_for_a_line_asks_once_for_each_with_its_prompt(self):
        for name, (code, prompts, answers, shown) in self.CASES.items():
            with self.subTest(name):
                questions, reply, messages = self.asked(code, *answers)
                self.assertEqual((questions, reply["status"]), (prompts, "ok"), reply)
                texts = [
                    m["content"].get("text") or m["content"]["data"]["text/plain"] for m in messages
                ]
                self.assertIn(shown, ["".join(texts), *texts])

    def test_a_password_is_asked_for_as_one(self):
        message_id = self.client.execute('prompt("key", { password: true })!.length')
        question = self.client.get_stdin_msg(timeout=10)
        self.assertEqual(question["msg_type"], "input_request")
        self.assertEqual(question["parent_header"]["msg_id"], message_id)
        self.assertEqual(question["content"], {"prompt": "key ", "password": True})
        self.client.input("secret")
        self.assertEqual(self.published(message_id)[0]["content"]["data"]["text/plain"], "6")
        self.reply(message_id)

    def test_where_no_input_is_allowed_a_sentence_says_so_at_once(self):
        for code in (
            'prompt("a")',
            'confirm("a")',
            self.RLP + 'await rl.question("a")',
            'process.stdin.on("data", () => {}); 0',
        ):
            for options in ({"allow_stdin": False}, {"silent": True}):
                with self.subTest(code, **options):
                    _, reply, _ = self.asked(code, **options)
                    self.assertEqual(reply["ename"], "StdinNotImplementedError")
                    self.assertIn("allow_stdin is false", reply["evalue"])
        self.assertEqual(self.asked('prompt("a")', "1")[1]["status"], "ok")

    def test_an_interrupt_wakes_a_prompt_runs_finally_and_a_late_answer_is_nobodys(self):
        def attempt(code):
            start = time.monotonic()
            _, reply, _ = self.asked(code, interrupt_after=0.3)
            took = time.monotonic() - start
            self.assertEqual(reply["ename"], "KeyboardInterrupt")
            self.client.input("late")
            self.assertEqual(self.value("left"), "true")
            self.assertEqual(self.asked('prompt("b")', "1")[0], ["b "])
            return took

        for code in ('prompt("a")', self.RLP + 'await rl.question("a ")'):
            with self.subTest(code):
                code = f"let left = false; try {{ {code} }} finally {{ left = true }}"
                self.assert_once_within(1.5, functools.partial(attempt, code))

    def test_what_asks_after_its_cell_has_ended_is_told_so(self):
        message_id = self.client.execute('setTimeout(() => prompt("late"), 300); 0')
        self.published(message_id)
        error = self.client.get_iopub_msg(timeout=5)
        self.assertEqual(error["msg_type"], "error")
        self.assertIn("while its cell runs", error["content"]["evalue"])
        self.reply(message_id)


class Comms(Session):
    HOOK = 'const { comms } = (globalThis as any)[Symbol.for("jupyter.kernel")];'

    def send(self, kind, comm_id, data=None, buffers=(), metadata=None, **content):
        content = {"comm_id": comm_id, "data": data or {}, **content}
        message = self.client.session.send(
            self.client.shell_channel.socket,
            kind,
            content,
            metadata=metadata or {},
            buffers=list(buffers),
        )
        return message["header"]["msg_id"]

    def info(self, target=None):
        return self.reply(self.client.comm_info(target))["comms"]

    def test_a_comm_of_the_kernel_carries_data_metadata_and_buffers_both_ways(self):
        code = """const comm = comms.open("t", { a: 1 }, { metadata: { m: 2 }, buffers: [new Float32Array([3])] });
          const got = await new Promise<any>((done) => comm.on(done)); comm.send({ back: got.data }, { buffers: got.buffers });
          comm.id"""
        message_id = self.client.execute(self.HOOK + code)
        while (opened := self.client.get_iopub_msg(timeout=10))["msg_type"] != "comm_open":
            pass
        content, comm_id = opened["content"], opened["content"]["comm_id"]
        self.assertEqual((content["target_name"], content["data"]), ("t", {"a": 1}))
        self.assertEqual(opened["metadata"], {"m": 2})
        self.assertEqual(bytes(opened["buffers"][0]), b"\x00\x00\x40\x40")
        self.assertEqual(opened["parent_header"]["msg_id"], message_id)
        self.send("comm_msg", comm_id, {"b": 2}, [b"\x07\x08"])
        back = [m for m in self.published(message_id) if m["msg_type"] == "comm_msg"][0]
        self.assertEqual(back["content"], {"comm_id": comm_id, "data": {"back": {"b": 2}}})
        self.assertEqual(bytes(back["buffers"][0]), b"\x07\x08")
        self.reply(message_id)
        self.assertEqual(self.info("t"), {comm_id: {"target_name": "t"}})
        self.send("comm_close", comm_id)
        self.assertEqual(self.info(), {})
        self.assertEqual(self.value("comm.closed"), "true")
        self.assertIn("must be open to send", self.failure("comm.send({})")[0]["evalue"])

    def test_a_comm_of_the_front_end_reaches_its_target_and_is_closed_where_there_is_none(self):
        self.run_cell(
            self.HOOK
            + 'comms.register("echo", (comm: any, data: any) => { comm.send({ opened: data }); comm.on((m: any) => comm.send(m.data)); });'
        )
        opened = self.published(self.send("comm_open", "c1", {"x": 1}, target_name="echo"))
        self.assertEqual(opened[0]["content"], {"comm_id": "c1", "data": {"opened": {"x": 1}}})
        message_id = self.send("comm_msg", "c1", {"y": 2})
        (answer,) = self.published(message_id)
        self.assertEqual(answer["content"]["data"], {"y": 2})
        self.assertEqual(answer["parent_header"]["msg_id"], message_id)
        (closed,) = self.published(self.send("comm_open", "c2", target_name="nobody"))
        self.assertEqual((closed["msg_type"], closed["content"]["comm_id"]), ("comm_close", "c2"))
        self.assertEqual(self.published(self.send("comm_msg", "c9", {})), [])
        self.assertEqual(self.info(), {"c1": {"target_name": "echo"}})
        (gone,) = self.published(self.client.execute('comms.open("echo").close()'))[1:]
        self.assertEqual(gone["msg_type"], "comm_close")
        self.send("comm_close", "c1")

    def test_messages_are_handled_while_a_cell_awaits_and_queue_while_it_does_not(self):
        self.run_cell(
            self.HOOK + SLEEP + 'let seen = 0; comms.register("n", (c: any) => c.on(() => seen++));'
        )
        self.send("comm_open", "n1", target_name="n")
        until_seen = "for (let i = 0; i < 1000 && seen === 0; i++) await sleep(10)"
        for wait, expected in (
            (until_seen, "[ 1, 1 ]"),
            ("{ const end = Date.now() + 500; while (Date.now() < end); }", "[ 0, 1 ]"),
        ):
            message_id = self.begun(
                f'seen = 0; console.log("under way"); {wait}; const during = seen; '
                f"{until_seen}; [during, seen]"
            )
            self.send("comm_msg", "n1", {})
            result = self.published(message_id)[-1]
            self.assertEqual(result["content"]["data"]["text/plain"], expected)
            self.reply(message_id)

    def test_what_a_handler_prints_and_throws_stands_under_the_cell_it_was_given_in(self):
        message_id = self.client.execute(
            self.HOOK
            + 'comms.register("p", (c: any) => { console.log("heard"); c.on(async () => { await 1; throw new Error("late") }) })'
        )
        self.published(message_id)
        self.reply(message_id)
        self.run_cell("1")
        self.send("comm_open", "p1", target_name="p")
        self.send("comm_msg", "p1")
        shown = {m["msg_type"]: m["content"] for m in self.published_under(message_id, 2)}
        self.assertEqual((shown["stream"]["text"], shown["error"]["evalue"]), ("heard\n", "late"))

    def published_under(self, message_id, count):
        found = []
        while len(found) < count:
            message = self.client.get_iopub_msg(timeout=5)
            if message["parent_header"].get("msg_id") == message_id:
                found.append(message)
        return found

    def test_ten_thousand_comms_opened_and_closed_leave_memory_flat(self):
        process = psutil.Process(self.manager.provisioner.pid)
        code = (
            self.HOOK
            + 'for (let i = 0; i < 1000; i++) { const c = comms.open("t", { i }); c.on(() => {}); c.close(); }'
        )
        sizes = []
        for _ in range(10):
            self.run_cell(code)
            for i in range(100):
                self.send("comm_open", f"m{i}", target_name="nobody")
            self.assertEqual(self.info("t") | self.info("nobody"), {})
            sizes.append(process.memory_info().rss / 2**20)
        print(f"\n10,000 comms: {sizes[4]:.0f} MB, then {sizes[-1]:.0f} MB")
        self.assertLess(sizes[-1], sizes[4] + 25)


class Widgets(Session):
    """As a front end sees widgets: ipywidgets' protocol 2.1."""

    send = Comms.send

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.execute(
            'import { anywidget, button, row, select, slider, text } from "jupyter-typescript/widgets";',
            reply=True,
            timeout=30,
        )

    def opened(self, code):
        """Runs a cell; what it published, and the first model that it opened."""
        messages = self.run_cell(code)[1]
        model = next(m for m in messages if m["msg_type"] == "comm_open")
        return messages, model

    def test_a_widget_opens_its_model_with_bytes_apart_and_shows_html_beside_the_view(self):
        messages, model = self.opened(
            'const w = anywidget({ esm: "export default {}", state: { n: 1, deep: { b: new Uint8Array([1, 2]) } } }); w'
        )
        data = model["content"]["data"]
        self.assertEqual(model["metadata"], {"version": "2.1.0"})
        self.assertEqual(data["state"]["_model_module"], "anywidget")
        self.assertEqual((data["state"]["n"], data["buffer_paths"]), (1, [["deep", "b"]]))
        self.assertEqual(bytes(model["buffers"][0]), b"\x01\x02")
        shown = [m["content"] for m in messages if m["msg_type"] == "display_data"]
        view = shown[0]["data"]["application/vnd.jupyter.widget-view+json"]
        self.assertEqual(view["model_id"], model["content"]["comm_id"])
        self.assertIn("text/html", shown[0]["data"])
        self.assertEqual([m for m in messages if m["msg_type"] == "execute_result"], [])

    def test_state_comes_back_is_echoed_and_is_heard_of_with_its_bytes(self):
        _, model = self.opened(
            'const v = anywidget({ esm: "", state: { n: 1, b: new Uint8Array(0) } }); const heard: number[] = []; v.on("n", (n) => heard.push(n)); v.onMessage((content, buffers) => v.send({ ...content, length: buffers[0]!.length }));'
        )
        comm_id = model["content"]["comm_id"]
        update = {"method": "update", "state": {"n": 5, "bad": 1}, "buffer_paths": [["b"]]}
        (echo,) = self.published(self.send("comm_msg", comm_id, update, [b"abc"]))
        self.assertEqual(echo["content"]["data"]["method"], "echo_update")
        self.assertEqual(self.value("[heard, v.get('b').length]"), "[ [ 5 ], 3 ]")
        custom = {"method": "custom", "content": {"hello": 1}}
        (answer,) = self.published(self.send("comm_msg", comm_id, custom, [b"xy"]))
        self.assertEqual(answer["content"]["data"]["content"], {"hello": 1, "length": 2})
        (state,) = self.published(self.send("comm_msg", comm_id, {"method": "request_state"}))
        self.assertEqual(state["content"]["data"]["state"]["n"], 5)

    def test_a_front_end_that_comes_later_is_told_of_all_models_at_once(self):
        comm_id = self.opened('const late = slider({ label: "late" });')[1]["content"]["comm_id"]
        self.published(self.send("comm_open", "control", target_name="jupyter.widget.control"))
        (states,) = self.published(self.send("comm_msg", "control", {"method": "request_states"}))
        model = states["content"]["data"]["states"][comm_id]
        self.assertEqual((model["model_name"], model["state"]["label"]), ("AnyModel", "late"))
        self.run_cell("late.close()")
        (states,) = self.published(self.send("comm_msg", "control", {"method": "request_states"}))
        self.assertNotIn(comm_id, states["content"]["data"]["states"])

    def test_where_nobody_can_choose_a_control_is_taken_as_it_is_and_its_html_follows_it(self):
        code = """const s = slider({ label: "λ", value: 0.25 }), c = select({ options: ["a", "b"] });
          const seen: unknown[] = []; for await (const both of row(s, c)) seen.push(both);
          await button(); await s.each((value) => seen.push(value)); s.value = 0.5; [...seen, await s]"""
        messages = self.run_cell(code, allow_stdin=False)[1]
        shown = [m["content"]["data"] for m in messages if m["msg_type"] == "execute_result"]
        self.assertEqual(shown[0]["text/plain"], "[ [ 0.25, 'a' ], 0.25, 0.5 ]")
        updates = [m["content"] for m in messages if m["msg_type"] == "update_display_data"]
        self.assertIn('value="0.5" disabled', updates[-1]["data"]["text/html"])
        self.assertIn("λ = 0.5", updates[-1]["data"]["text/plain"])

    def test_a_choice_ends_a_wait_and_an_interrupt_does_so_too_with_finally(self):
        _, model = self.opened('const chosen = slider({ label: "x" });')
        comm_id = model["content"]["comm_id"]
        message_id = self.begun('console.log("under way"); await chosen')
        state = {"value": 0.75, "committed": 1}
        self.send("comm_msg", comm_id, {"method": "update", "state": state})
        result = [m for m in self.published(message_id) if m["msg_type"] == "execute_result"]
        self.assertEqual(result[0]["content"]["data"]["text/plain"], "0.75")
        self.reply(message_id)
        code = """let through = false; console.log("under way");
          try { for await (const v of chosen) v } finally { through = true }"""
        self.interrupted(self.begun(code))
        self.assertEqual(self.value("through"), "true")

    def test_wrong_options_are_refused_with_what_is_wrong(self):
        for code, words in (
            ("slider({ min: 1, max: 0 })", "min ≤ value ≤ max"),
            ("slider({ max: NaN })", "max of slider"),
            ('select({ options: ["a"], value: "b" as "a" })', "one of its options"),
        ):
            self.assertIn(words, self.failure(code)[0]["evalue"])


class Endurance(Session):
    def test_long_output_is_limited_with_a_note(self):
        messages = self.run_cell("for (let i = 0; i < 100000; i++) console.log(`line ${i}`)")[1]
        text = "".join(m["content"]["text"] for m in messages)
        self.assertIn("line 0\n", text)
        self.assertIn("output limited", text)
        self.assertIn("line 99999", text)
        self.assertLess(len(text), 2_000_000)
        self.assertLess(len(messages), 1000)

    def test_a_cell_of_fifty_megabytes_is_refused(self):
        reply = self.run_cell("/*" + "x" * 50_000_000 + "*/")[0]
        self.assertEqual((reply["status"], reply["ename"]), ("error", "RangeError"))
        self.assertEqual(self.value("1"), "1")

    def test_many_cells_leave_memory_and_latency_flat(self):
        process = psutil.Process(self.manager.provisioner.pid)
        cells = int(os.environ.get("SOAK_CELLS", "2000"))
        sizes, times = [], []
        for i in range(cells):
            start = time.perf_counter()
            reply = self.run_cell(
                f"const v{i % 40} = [{i}].map((x) => ({{ x, y: `${{x}}` }})); v{i % 40}[0]"
            )[0]
            times.append(time.perf_counter() - start)
            self.assertEqual(reply["status"], "ok")
            if i % 20 == 19:
                sizes.append(process.memory_info().rss / 2**20)
        tenth = max(10, cells // 10)
        early, late = sorted(times[40 : 40 + tenth])[tenth // 2], sorted(times[-tenth:])[tenth // 2]
        middle = max(sizes[len(sizes) // 2 - 2 : len(sizes) // 2 + 1])
        print(
            f"\n{cells} cells: {early * 1e3:.1f} ms early, {late * 1e3:.1f} ms late; {sizes[0]:.0f} MB, {middle:.0f} MB, {sizes[-1]:.0f} MB"
        )
        self.assertLess(late, 3 * early + 0.005)
        self.assertLess(sizes[-1], 1.25 * middle + 30)

    def test_no_process_is_left_after_restart_and_shutdown(self):
        manager, client = started()
        client.execute(
            'require("node:child_process").spawn("sleep", ["60"])', reply=True, timeout=30
        )
        parent = psutil.Process(manager.provisioner.pid)
        family = [parent, *parent.children(recursive=True)]
        self.assertEqual(len(family), 2)
        manager.restart_kernel()
        client.wait_for_ready(timeout=30)
        client.stop_channels()
        family.append(psutil.Process(manager.provisioner.pid))
        manager.shutdown_kernel()
        _, alive = psutil.wait_procs(family, timeout=5)
        self.assertEqual(alive, [])

    def test_sigterm_ends_the_kernel_in_mid_cell_and_what_its_cells_started(self):
        manager, client = started()
        client.execute(
            'require("node:child_process").spawn("sleep", ["60"])', reply=True, timeout=30
        )
        client.execute("for (;;) await new Promise((turn) => setImmediate(turn));")
        time.sleep(0.5)
        kernel = psutil.Process(manager.provisioner.pid)
        family = [kernel, *kernel.children(recursive=True)]
        self.assertEqual(len(family), 2)
        kernel.terminate()
        _, alive = psutil.wait_procs(family, timeout=5)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        self.assertEqual(alive, [])

    def test_the_kernel_ends_when_its_starter_is_killed(self):
        import subprocess
        import sys

        script = "from jupyter_client.manager import start_new_kernel as s\nm, c = s(kernel_name='tslab')\nprint(m.provisioner.pid, flush=True)\nimport time; time.sleep(60)"
        starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        kernel = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
        starter.wait()
        starter.stdout.close()
        _, alive = psutil.wait_procs([kernel], timeout=5)
        self.assertEqual(alive, [])


# The base class itself is no test.
del Session

if __name__ == "__main__":
    unittest.main()
