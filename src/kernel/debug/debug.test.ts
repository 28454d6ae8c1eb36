import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Received, TestClient } from "../test-client";
import { eventually, onceBelow } from "../test-waits";
import { murmur2 } from "../wire/cell-path";
import type { Json } from "../wire/wire";

type Variable = { name: string; type?: string; value: string; variablesReference: number };
type Breakpoint = { line: number; verified: boolean; message?: string };

let client: TestClient;
before(async () => {
  client = await TestClient.start();
});
after(() => client.stop());

const attach = async (): Promise<void> => {
  assert.equal((await client.debug("initialize", { clientID: "test" })).success, true);
  assert.equal((await client.debug("attach")).success, true);
};
beforeEach(attach);
afterEach(async () => {
  await client.debug("disconnect");
  await client.request("interrupt_request", {}, client.control);
});

const ask = async (command: string, values: Json = {}): Promise<Json> => {
  const reply = await client.debug(command, values);
  assert.equal(reply.success, true, `${command}: ${reply.message}`);
  return reply.body as Json;
};
const refusal = async (command: string, values: Json = {}): Promise<string> => {
  const { success, message } = await client.debug(command, values);
  assert.equal(success, false, command);
  return String(message);
};
const text = async (reply: Received): Promise<unknown> => {
  const result = (await client.published(reply)).find(({ type }) => type === "execute_result");
  return (result?.content.data as Json | undefined)?.["text/plain"];
};
const dump = async (code: string): Promise<string> =>
  String((await ask("dumpCell", { code })).sourcePath);

/** Sets breakpoints in a cell, starts it and waits until it stops. */
async function runTo(
  code: string,
  ...breakpoints: Json[]
): Promise<{ finished: Promise<Received> }> {
  await ask("setBreakpoints", { source: { path: await dump(code) }, breakpoints });
  const finished = client.execute(code);
  await client.event("stopped", finished);
  return { finished };
}

/** Steps or continues until the next stop. */
async function until(command: string): Promise<void> {
  await ask(command, { threadId: 1 });
  await client.event("stopped");
}

const frames = async (): Promise<
  { id: number; name: string; line: number; source: { path: string } }[]
> => (await ask("stackTrace", { threadId: 1 })).stackFrames as never;
const line = async (): Promise<number> => (await frames())[0]!.line;

async function variables(scope: string): Promise<Record<string, Variable>> {
  const [{ id } = assert.fail("no frame")] = await frames();
  const { scopes } = await ask("scopes", { frameId: id });
  const found = (scopes as { name: string; variablesReference: number }[]).find(
    ({ name }) => name === scope,
  );
  return children(found?.variablesReference ?? assert.fail(`no scope ${scope}`));
}
async function children(variablesReference: number): Promise<Record<string, Variable>> {
  const { variables } = await ask("variables", { variablesReference });
  return Object.fromEntries((variables as Variable[]).map((each) => [each.name, each]));
}

/** Made by `murmur2_x86` of ipykernel.compiler. */
const MURMUR2 = {
  "": 3990065800,
  a: 2167009006,
  ab: 2805137849,
  abc: 3350977461,
  abcd: 804720481,
  "const x = 1;\nx": 552911769,
  "é ü ∑ 😀": 186784554,
  "function f() {\n  return 1;\n}": 1165089019,
  ["x".repeat(1001)]: 2469510316,
};

const evaluate = async (expression: string): Promise<string> =>
  String((await ask("evaluate", { expression })).result);

const FACTORIAL = `function factorial(n: number): number {
  if (n <= 1)
    return 1;
  const rest: number = factorial(n - 1);
  return n * rest;
}
const answer = factorial(4);
answer + 1`;

test("Murmur2 is that of ipykernel and JupyterLab", () => {
  const seed = 0xc70f6907;
  for (const [code, hash] of Object.entries(MURMUR2)) assert.equal(murmur2(code, seed), hash);
});

test("a cell stops at a breakpoint, without the kernel's frames, steps and ends right", async () => {
  const { finished } = await runTo(FACTORIAL, { line: 3 });
  const stack = await frames();
  assert.deepEqual(
    stack.map(({ name, line }) => `${name.replace(/\d+/, "N")}:${line}`),
    ["factorial:3", "factorial:4", "factorial:4", "factorial:4", "cell[N]:7"],
  );
  assert.equal(stack[0]!.source.path, await dump(FACTORIAL));
  assert.equal((await variables("Locals")).n!.value, "1");
  await until("stepOut");
  const ids = new Set(stack.map(({ id }) => id));
  assert.ok(
    (await frames()).every(({ id }) => !ids.has(id)),
    "each pause has frames of its own",
  );
  assert.deepEqual([await line(), (await frames()).length], [5, 4]);
  assert.equal((await variables("Locals")).rest!.value, "1");
  await until("next");
  assert.deepEqual([await line(), (await frames()).length], [5, 3]);
  await ask("continue", { threadId: 1 });
  await client.event("continued");
  assert.equal(await text(await finished), "25");
});

test("a breakpoint waits for its cell, moves to the next line with code, and says so", async () => {
  const code =
    "// a comment\n\ninterface Point { x: number }\nconst point: Point = { x: 7 };\npoint.x";
  const source = { path: await dump(code) };
  const breakpoints = [{ line: 1 }, { line: 5 }, { line: 99 }];
  const { breakpoints: waiting } = await ask("setBreakpoints", { source, breakpoints });
  assert.deepEqual(
    (waiting as Breakpoint[]).map(({ line, verified }) => [line, verified]),
    [
      [1, false],
      [5, false],
      [99, false],
    ],
  );
  const finished = client.execute(code);
  const { breakpoint } = await client.event("breakpoint");
  assert.deepEqual(
    [(breakpoint as Breakpoint).line, (breakpoint as Breakpoint).verified],
    [4, true],
  );
  await client.event("stopped");
  assert.equal(await line(), 4);
  await until("continue");
  assert.equal(await line(), 5);
  const { breakpoints: placed } = await ask("setBreakpoints", { source, breakpoints });
  assert.deepEqual(
    (placed as Breakpoint[]).map(({ line, verified }) => [line, verified]),
    [
      [4, true],
      [5, true],
      [99, false],
    ],
  );
  assert.match(String((placed as Breakpoint[])[2]!.message), /no code at line 99/);
  const info = await ask("debugInfo");
  assert.deepEqual(info.stoppedThreads, [1]);
  const [{ source: listed, breakpoints: lines } = assert.fail()] = info.breakpoints as Json[] as [
    { source: string; breakpoints: Breakpoint[] },
  ];
  assert.deepEqual([listed, lines.map(({ line }) => line)], [source.path, [4, 5, 99]]);
  await ask("setBreakpoints", { source, breakpoints: [] });
  await ask("continue");
  assert.equal(await text(await finished), "7");
  assert.equal(await text(await client.execute(code)), "7");
});

test("a breakpoint in a function of an earlier cell is set without running that cell again", async () => {
  const code = "function earlier(x: number): number {\n  return x * 2;\n}";
  await client.execute(code);
  await ask("setBreakpoints", { source: { path: await dump(code) }, breakpoints: [{ line: 2 }] });
  const finished = client.execute("earlier(21)");
  await client.event("stopped", finished);
  assert.equal(await line(), 2);
  await ask("disconnect");
  assert.equal(await text(await finished), "42");
});

test("a condition reads TypeScript, locals and variables of earlier cells; a wrong one is named", async () => {
  await client.execute("const limit = 5;");
  const code = "let sum = 0;\nfor (let i = 0; i < 9; i++) {\n  sum += i;\n}\nsum";
  const { finished } = await runTo(code, { line: 3, condition: "(i as number) > limit" });
  assert.equal((await variables("Locals")).i!.value, "6");
  await ask("setBreakpoints", { source: { path: await dump(code) }, breakpoints: [] });
  await ask("continue");
  assert.equal(await text(await finished), "36");
  const { breakpoints } = await ask("setBreakpoints", {
    source: { path: await dump(code) },
    breakpoints: [{ line: 3, condition: "i >" }],
  });
  const [{ verified, message } = assert.fail()] = breakpoints as Breakpoint[];
  assert.equal(verified, false);
  assert.match(String(message), /expected/);
});

test("a logpoint writes under its cell and does not stop it", async () => {
  await client.execute("const unit = 'nats';");
  const code = "for (let i = 0; i < 3; i++) {\n  void String(i);\n}\n'done'";
  const breakpoints = [{ line: 2, logMessage: "loss {1 / (i + 1)} {unit}", condition: "i > 0" }];
  await ask("setBreakpoints", { source: { path: await dump(code) }, breakpoints });
  const reply = await client.execute(code);
  const streams = (await client.published(reply)).filter(({ type }) => type === "stream");
  assert.equal(
    streams.map(({ content }) => content.text).join(""),
    "loss 0.5 nats\nloss 0.3333333333333333 nats\n",
  );
});

test("a file of the reader stops by its path, also by the path of its text, and is stepped into", async () => {
  const file = path.join(client.folder, "beside.ts");
  const written =
    "interface Pair { a: number; b: number }\n\nexport function add({ a, b }: Pair): number {\n" +
    "  const total = a + b;\n  return total;\n}\n";
  writeFileSync(file, written);
  const source = { path: file };
  await ask("setBreakpoints", { source, breakpoints: [{ line: 5 }] });
  const code = 'import { add } from "./beside";\nconst pair = { a: 1, b: 2 };\nadd(pair)';
  const finished = client.execute(code);
  await client.event("stopped", finished);
  const [top, caller] = await frames();
  assert.deepEqual([top?.source.path, top?.line, top?.name, caller?.line], [file, 5, "add", 3]);
  assert.equal((await variables("Locals"))["return value"]!.value, "3");
  assert.equal((await ask("source", { source })).content, written);
  assert.ok(
    ((await ask("modules")).modules as { path: string }[]).some(({ path }) => path === file),
  );
  await ask("setBreakpoints", { source, breakpoints: [] });
  await ask("continue");
  assert.equal(await text(await finished), "3");

  await ask("setBreakpoints", {
    source: { path: await dump(written) },
    breakpoints: [{ line: 4 }],
  });
  const again = client.execute(code);
  await client.event("stopped");
  assert.equal(await line(), 4);
  await ask("setBreakpoints", { source: { path: await dump(written) }, breakpoints: [] });
  await ask("continue");
  await again;

  const { finished: stepped } = await runTo(code, { line: 3 });
  await until("stepIn");
  assert.deepEqual([(await frames())[0]!.source.path, await line()], [file, 4]);
  await ask("disconnect");
  assert.equal(await text(await stepped), "3");
});

test("steps go from line to line of the cell, also over await, never into the kernel's statements", async () => {
  const code = `const list = [1, 2];
let total = 0;
for (const each of list) {
  total += each;
}
const later = await Promise.resolve(total);
class Box { constructor(readonly value: number) {} }
const box = new Box(later);
box.value`;
  const { finished } = await runTo(code, { line: 1 });
  const lines = [await line()];
  for (let i = 0; i < 40 && lines.at(-1) !== 9; i++) {
    await until(i % 2 ? "stepIn" : "next");
    const [top] = await frames();
    assert.equal(top!.source.path, await dump(code));
    if (top!.line !== lines.at(-1)) lines.push(top!.line);
  }
  assert.deepEqual(
    lines.filter((line) => line !== 7),
    [1, 2, 3, 4, 3, 4, 3, 6, 8, 9],
  );
  await ask("next");
  assert.equal(await text(await finished), "3");
  assert.equal(await text(await client.execute("let fresh = 1;\nfresh + 1")), "2");
});

test("errors that leave the cell stop it, those that it catches do not, unless all are asked for", async () => {
  const throwing = `function fails(): never { throw new RangeError("deep"); }
async function failsLater(): Promise<void> {
  await null;
  fails();
}
try { fails(); } catch {}
try { await failsLater(); } catch {}
[1].map(() => { try { JSON.parse("{"); } catch {} });
`;
  const lines = async (filters: string[], code: string): Promise<number[]> => {
    await ask("setExceptionBreakpoints", { filters });
    const finished = client.execute(code);
    const stops: number[] = [];
    for (;;) {
      const stopped = await client.event("stopped", finished).catch(() => undefined);
      if (!stopped) return stops;
      assert.equal(stopped.reason, "exception");
      assert.match(String((await ask("exceptionInfo")).description), /Error/);
      stops.push((await frames()).at(-1)!.line);
      await ask("continue");
    }
  };
  assert.deepEqual(await lines(["uncaught"], throwing), []);
  assert.deepEqual(await lines(["uncaught"], `${throwing}fails();`), [9]);
  assert.deepEqual(await lines(["uncaught"], `${throwing}await failsLater();`), [4]);
  assert.deepEqual(
    await lines(["uncaught"], `${throwing}await Promise.reject(new Error("x"));`),
    [9],
  );
  assert.deepEqual((await lines(["raised"], throwing)).length, 3);
  assert.deepEqual(await lines([], `${throwing}fails();`), []);
});

test("a paused frame evaluates TypeScript, statements and assignments, and names what fails", async () => {
  await client.execute("const shared = { deep: [1, 2, 3] }; let counter = 1;");
  const code = "function inner(x: number) {\n  const y = x * 2;\n  return y;\n}\ninner(4)";
  const { finished } = await runTo(code, { line: 3 });
  assert.equal(await evaluate("x + y"), "12");
  assert.equal(await evaluate("(shared.deep as number[]).length + counter"), "4");
  assert.equal(await evaluate("{ x, y }"), "{ x: 4, y: 8 }");
  assert.equal(await evaluate("let z = 0; for (const d of shared.deep) z += d; z"), "6");
  assert.equal(await evaluate("counter = 10"), "10");
  assert.match(await refusal("evaluate", { expression: "x +" }), /expected/);
  assert.match(await refusal("evaluate", { expression: "nowhere" }), /nowhere is not defined/);
  assert.match(await refusal("evaluate", { expression: "x", frameId: 77 }), /no frame 77/);
  const [{ id } = assert.fail()] = await frames();
  const { scopes } = await ask("scopes", { frameId: id });
  const [locals] = scopes as { name: string; variablesReference: number }[];
  const { variablesReference } = locals!;
  await ask("setVariable", { variablesReference, name: "x", value: "(100 as number)" });
  assert.equal(await evaluate("x"), "100");
  const globals = await variables("Globals");
  const deep = (await children(globals.shared!.variablesReference)).deep!;
  await ask("setVariable", {
    variablesReference: deep.variablesReference,
    name: "1",
    value: "counter",
  });
  assert.equal(await evaluate("shared.deep[1]"), "10");
  await ask("copyToGlobals", { srcVariableName: "y", dstVariableName: "copied", srcFrameId: id });
  await ask("continue");
  await finished;
  assert.equal(await text(await client.execute("counter + copied + shared.deep[1]!")), "28");
});

test("the variables are read without a pause, also while a cell computes and when the debugger is off", async () => {
  await client.execute(`const numbers = new Float32Array(1000).fill(0.5);
const table = new Map([["a", 1]]); const nothing = null; const big = 10n;
class Named { get boom(): never { throw new Error("getter"); } field = 1 }
const named = new Named(); const circular: unknown[] = []; circular.push(circular);`);
  await ask("disconnect");
  const read = async () => {
    const { variables } = await ask("inspectVariables");
    return Object.fromEntries((variables as Variable[]).map((each) => [each.name, each]));
  };
  const off = await read();
  assert.equal(off.numbers!.type, "Float32Array(1000)");
  assert.equal(off.table!.type, "Map(1)");
  const ranges = await children(off.numbers!.variablesReference);
  assert.equal(Object.keys(ranges).length, 10);
  const second = await children(ranges["100 … 199"]!.variablesReference);
  assert.equal(second["150"]!.value, "0.5");
  assert.deepEqual(Object.keys(await children(off.named!.variablesReference)), ["field"]);
  await attach();
  await onceBelow(900, async () => {
    const begins = randomUUID();
    const busy = client.execute(
      `console.log("${begins}"); const until = Date.now() + 1100; while (Date.now() < until);`,
    );
    await client.printed(begins);
    const started = Date.now();
    const running = await read();
    const took = Date.now() - started; // the cell is still computing
    assert.equal(running.nothing!.value, "null");
    await busy;
    return took;
  });
});

test("tensors, models and frames show type, shape and values", async () => {
  const reply = await client.execute(`import * as tf from "@tensorflow/tfjs-node";
import { DataFrame } from "danfojs-node";
const t = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
const gone = tf.scalar(1); gone.dispose();
const large = tf.zeros([2000, 1000]);
const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [5] })] });
const frame = new DataFrame({ a: [1, 2], b: ["x", "y"] });`);
  assert.equal(reply.content.status, "ok", String(reply.content.evalue));
  const { variables } = await ask("inspectVariables");
  const found = Object.fromEntries((variables as Variable[]).map((each) => [each.name, each]));
  const shown = ["t", "gone", "large", "model", "frame"].map((name) => {
    const { type, value } = found[name]!;
    return `${type}: ${value}`;
  });
  assert.deepEqual(shown, [
    "Tensor float32 [2, 3]: [[1, 2, 3], [4, 5, 6]]",
    "Tensor float32 []: disposed",
    "Tensor float32 [2000, 1000]: 2000000 values, shown up to 1000000",
    "Sequential 1 layers: sequential_1: [?, 5] → [?, 3], 18 parameters",
    "DataFrame [2, 2]: a, b",
  ]);
  const parts = await children(found.t!.variablesReference);
  assert.equal(parts.shape!.value, "[ 2, 3 ]");
  assert.equal((await children(parts.values!.variablesReference))["4"]!.value, "5");
  const { data } = await ask("richInspectVariables", { variableName: "frame" });
  assert.match(String((data as Json)["text/plain"]), /x/);
});

test("a training that pauses goes on with the same numbers", async () => {
  const code = (name: string): string => `const ${name}: number[] = [];
const model_${name} = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3],
  kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }) })] });
model_${name}.compile({ optimizer: "adam", loss: "meanSquaredError" });
const x_${name} = tf.randomNormal([32, 3], 0, 1, "float32", 5);
for (let i = 0; i < 5; i++) {
  const history = await model_${name}.trainOnBatch(x_${name}, x_${name}.slice([0, 0], [32, 2]));
  ${name}.push(history as number);
}
${name}.join()`;
  const plain = await text(await client.execute(code("plain")));
  const { finished } = await runTo(code("paused"), { line: 8 });
  for (let i = 0; i < 4; i++) {
    assert.match(await evaluate("x_paused"), /^\[\[/);
    await sleep(50);
    await until("continue");
  }
  await ask("continue");
  assert.equal(await text(await finished), plain);
});

test("an interrupt resumes a paused cell and ends it, and the breakpoints hold for the next", async () => {
  const code = "for (let i = 0; ; i++) {\n  Math.abs(i);\n}";
  for (const filters of [[], ["uncaught"]]) {
    await ask("setExceptionBreakpoints", { filters });
    const { finished } = await runTo(code, { line: 2 });
    await client.request("interrupt_request", {}, client.control);
    assert.equal((await finished).content.ename, "KeyboardInterrupt");
    const again = client.execute(code);
    await client.event("stopped");
    await ask("setBreakpoints", { source: { path: await dump(code) }, breakpoints: [] });
    await ask("continue");
    await sleep(100);
    await client.request("interrupt_request", {}, client.control);
    assert.equal((await again).content.ename, "KeyboardInterrupt");
  }
  assert.ok(client.alive);
});

test("an interrupt without a cell leaves the breakpoints to the next cell", async () => {
  const code = "let stopped = 1;\nstopped += 1;";
  const source = { path: await dump(code) };
  await ask("setBreakpoints", { source, breakpoints: [{ line: 2 }] });
  await client.request("interrupt_request", {}, client.control);
  await eventually(() => client.event("stopped", client.execute(code)).then(() => {}));
  await ask("setBreakpoints", { source, breakpoints: [] });
  await ask("continue");
});

test("errors that are to be watched while a cell is interrupted are watched after it", {
  timeout: 60_000,
}, async () => {
  await ask("setExceptionBreakpoints", { filters: ["uncaught"] });
  const cell = client.execute("console.log('blocks'); eval('for (;;) {}')");
  await client.printed("blocks");
  await client.request("interrupt_request", {}, client.control);
  await sleep(20);
  await ask("setExceptionBreakpoints", { filters: ["uncaught"] });
  assert.equal((await cell).content.ename, "KeyboardInterrupt");
  await eventually(async () => {
    const failing = client.execute("throw new Error('watched')");
    await client.event("stopped", failing);
  });
  await ask("continue");
});

test("pause stops a running cell in its own code", async () => {
  const spins = 'let spins = 0; console.log("spins");\nwhile (spins >= 0) {\n  spins++;\n}\nspins';
  const finished = client.execute(spins);
  await client.printed("spins");
  await ask("pause", { threadId: 1 });
  assert.equal((await client.event("stopped")).reason, "pause");
  assert.ok([2, 3].includes(await line()));
  await ask("evaluate", { expression: "spins = -1e9" });
  await ask("continue");
  assert.equal((await finished).content.status, "ok");
});

test("disconnect resumes, and every breakpoint is gone", async () => {
  const { finished } = await runTo(FACTORIAL, { line: 3 });
  await ask("disconnect");
  assert.equal(await text(await finished), "25");
  assert.equal(await text(await client.execute(FACTORIAL)), "25");
  assert.deepEqual((await ask("debugInfo")).breakpoints, []);
});

const NEEDS_ATTACHED = [
  "configurationDone",
  "dumpCell",
  "setBreakpoints",
  "setExceptionBreakpoints",
  "source",
  "modules",
  "threads",
  "pause",
  "evaluate",
];
const NEEDS_PAUSED = [
  "continue",
  "next",
  "stepIn",
  "stepOut",
  "stackTrace",
  "exceptionInfo",
  "scopes",
  "copyToGlobals",
];

test("requests out of order or unknown are refused with a sentence", async () => {
  for (const command of NEEDS_PAUSED) assert.match(await refusal(command), /needs a paused kernel/);
  await ask("disconnect");
  for (const command of [...NEEDS_ATTACHED, ...NEEDS_PAUSED, "attach", "disconnect"])
    assert.match(await refusal(command), /send initialize/);
  await ask("initialize");
  for (const command of [...NEEDS_ATTACHED, ...NEEDS_PAUSED])
    assert.match(await refusal(command), /send attach/);
  for (const command of ["stepBack", "__proto__", "toString", ""])
    assert.match(await refusal(command), /knows no request/);
  assert.equal((await client.request("debug_request", {}, client.control)).content.success, false);
});

test("malformed arguments are refused, never end the kernel", async () => {
  const values = [null, 1, "x", [], [null], {}, { path: 1 }, { line: "a" }, -1, 1e99];
  const names = [
    "source",
    "breakpoints",
    "filters",
    "code",
    "expression",
    "variablesReference",
    "name",
    "value",
    "variableName",
    "frameId",
  ];
  for (const command of [
    ...NEEDS_ATTACHED,
    ...NEEDS_PAUSED,
    "variables",
    "setVariable",
    "richInspectVariables",
    "inspectVariables",
  ])
    for (const value of values) {
      const reply = await client.debug(
        command,
        Object.fromEntries(names.map((name) => [name, value])),
      );
      assert.equal(typeof reply.success, "boolean");
      if (!reply.success) assert.match(String(reply.message), /\w/);
    }
  await ask("disconnect");
  assert.equal(await text(await client.execute("1 + 1")), "2");
});

test("a paused kernel answers heartbeats, and leaves with code 0 when it is shut down", async () => {
  const leaving = await TestClient.start();
  await leaving.debug("initialize");
  await leaving.debug("attach");
  const code = "const one = 1;\none";
  const { sourcePath } = (await leaving.debug("dumpCell", { code })).body as Json;
  await leaving.debug("setBreakpoints", {
    source: { path: sourcePath },
    breakpoints: [{ line: 2 }],
  });
  void leaving.execute(code).catch(() => {});
  await leaving.event("stopped");
  await onceBelow(100, async () => {
    const started = Date.now();
    await leaving.heartbeat();
    return Date.now() - started;
  });
  const ended = new Promise((resolve) =>
    leaving.process.once("exit", (exitCode, signal) => resolve(exitCode ?? signal)),
  );
  await leaving.request("shutdown_request", { restart: false }, leaving.control);
  assert.equal(await ended, 0);
  await leaving.stop();
});
