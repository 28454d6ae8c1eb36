// Faults that a kernel survives: hostile bytes, hostile cells, and what they leave to the next
// cell.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as zmq from "zeromq";
import { CellConverter } from "./convert/cell-converter";
import { type Received, TestClient } from "./test-client";
import type { Json } from "./wire/wire";

let client: TestClient;
before(async () => {
  client = await TestClient.start();
});
after(() => client.stop());

async function run(code: string): Promise<{ value?: unknown; text: string; error?: Json }> {
  const messages = await client.published(await client.execute(code));
  const texts = messages.flatMap(({ type, content }) => (type === "stream" ? [content.text] : []));
  const result = messages.find(({ type }) => type === "execute_result");
  const error = messages.find(({ type }) => type === "error")?.content;
  return {
    text: texts.join(""),
    value: (result?.content.data as Json | undefined)?.["text/plain"],
    ...(error && { error }),
  };
}

const lives = async (): Promise<void> => assert.equal((await run("1 + 1")).value, "2");

test("bytes without a key on any port, and JSON too deep to clone, leave the kernel as it was", async () => {
  const { connection } = client;
  for (const [name, port] of Object.entries(connection))
    if (name.endsWith("_port"))
      for (const bytes of ["0100050070696e67", "01000101050070696e67", "ff".repeat(64)]) {
        const socket = connect(Number(port), "127.0.0.1");
        socket.on("error", () => {});
        socket.write(Buffer.from(bytes, "hex"));
        await sleep(20);
        socket.destroy();
      }
  const header = JSON.stringify({ msg_id: randomUUID(), msg_type: "execute_request" });
  const deep = `{"code":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  await client.shell.send(client.seal([header, "{}", "{}", deep]));
  await lives();
});

test("a subscriber that reads late gets every message of a burst", async () => {
  const late = new zmq.Subscriber({
    receiveHighWaterMark: 1,
    receiveTimeout: 10_000,
    linger: 0,
  });
  late.subscribe("");
  late.connect(`tcp://127.0.0.1:${client.connection.iopub_port}`);
  await sleep(200);
  const ran = run(
    `const { comms } = (globalThis as any)[Symbol.for("jupyter.kernel")];
     for (let i = 0; i < 3000; i++) comms.open("t", { i, text: "x".repeat(10_000) }).close();`,
  );
  await sleep(400);
  let [count, ends] = [0, false];
  for await (const frames of late) {
    const [header, content] = [frames.at(-4), frames.at(-1)].map(String);
    if (header!.includes("comm_")) count++;
    ends = content!.includes('"idle"');
    if (ends) break;
  }
  assert.deepEqual([count, ends], [6000, true]);
  await ran;
  late.close();
  await lives();
});

test("a subscriber that never reads holds up no one, and at most 3,000 messages are kept for it", {
  skip: process.platform !== "linux" && "the kernel's memory is read from /proc",
}, async () => {
  const stalled = new zmq.Subscriber({ receiveHighWaterMark: 1, linger: 0 });
  stalled.subscribe("");
  stalled.connect(`tcp://127.0.0.1:${client.connection.iopub_port}`);
  await sleep(200);
  const pages = (): number =>
    Number(readFileSync(`/proc/${client.process.pid}/statm`, "utf8").split(" ")[1]);
  const held: number[] = [];
  for (let cell = 0; cell < 7; cell++) {
    const messages = await client.published(
      await client.execute(
        `const { display } = require("tslab"); const text = "x".repeat(30_000);
         for (let i = 0; i < 1500; i++) {
           display.text(text);
           if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
         }`.replaceAll("const", "var"),
      ),
    );
    assert.equal(messages.filter(({ type }) => type === "display_data").length, 1500);
    held.push((pages() * 4096) / 2 ** 20);
  }
  const [first, last] = [held[3]!, held.at(-1)!];
  assert.ok(last - first < 60, `${last - first} MB more after another 130 MB`);
  stalled.close();
  await lives();
});

test("a cell too deep for the compiler fails alone, run, completed or inspected", async () => {
  const deep = `let x = ${"(".repeat(2000)}1${")".repeat(2000)}`;
  const chain = `[1]${".map((a) => a)".repeat(1500)}`;
  for (const code of [deep, chain]) {
    assert.match(String((await run(code)).error?.evalue), /nested too deeply/);
    await lives();
    for (const type of ["complete_request", "inspect_request"])
      await client.request(type, { code, cursor_pos: code.length });
    await lives();
  }
});

test("a cell runs whatever tags stand in its first comment", async () => {
  for (const tag of ["@module mine", "@browser", "@jsx", "@packageDocumentation"])
    assert.equal((await run(`/** ${tag} */\nconst tagged = 1;\ntagged + 1`)).value, "2", tag);
});

test("a formatter that throws spoils no result", async () => {
  const formatters = '(globalThis as any)[Symbol.for("jupyter.kernel")].formatters';
  await run(`${formatters}.push(() => { throw new Error("mine") }); 0`);
  const { value, text } = await run("2");
  assert.deepEqual([value, /formatter failed.*mine/.test(text)], ["2", true]);
  assert.equal((await run(`${formatters}.pop(); 3`)).value, "3");
});

/** Sends a cell that never ends; resolves, once the kernel has it, to its reply to come. */
async function endless(kernel: TestClient): Promise<{ reply: Promise<Received> }> {
  const reply = kernel.execute("for (;;) {}");
  await kernel.request("kernel_info_request", {});
  return { reply };
}

test("an interrupt that comes before the first cell runs stops that cell, one without a cell stops none", async () => {
  const fresh = await TestClient.start();
  try {
    await fresh.request("interrupt_request", {}, fresh.control);
    const { reply } = await endless(fresh);
    await fresh.request("interrupt_request", {}, fresh.control);
    assert.equal((await reply).content.ename, "KeyboardInterrupt");
    assert.equal((await fresh.execute("1")).content.status, "ok");
  } finally {
    await fresh.stop();
  }
});

test("an interrupt stops the cell that waits while garbage is collected behind the last one", async () => {
  const fresh = await TestClient.start();
  try {
    await fresh.execute("1");
    const kept = "const kept = Array.from({ length: 4e6 }, (_, i) => ({ i, of: [i] }));";
    assert.equal((await fresh.execute(kept)).content.status, "ok");
    const { reply } = await endless(fresh);
    await fresh.request("interrupt_request", {}, fresh.control);
    assert.equal((await reply).content.ename, "KeyboardInterrupt");
  } finally {
    await fresh.stop();
  }
});

test("a cell ends that has seen its interrupt and blocks afterwards", {
  timeout: 60_000,
}, async () => {
  const fresh = await TestClient.start();
  try {
    for (const blocks of ["eval('for (;;) {}')", "/^(a+)+$/.test('a'.repeat(40) + 'b')"]) {
      const reply = fresh.execute(`import { setTimeout as pause } from "node:timers/promises";
        const signal = Reflect.get(globalThis, Symbol.for("autoencoders.signal"));
        console.log("begun");
        try { await pause(1e6, 0, { signal }); } catch { ${blocks}; }`);
      await fresh.printed("begun");
      await fresh.request("interrupt_request", {}, fresh.control);
      assert.equal((await reply).content.ename, "KeyboardInterrupt");
      assert.equal((await fresh.execute("1")).content.status, "ok");
    }
  } finally {
    await fresh.stop();
  }
});
test("an interrupt ends code that an ended cell left behind, and the cell that waits for it", {
  timeout: 60_000,
}, async () => {
  const fresh = await TestClient.start();
  const left = (begins: string): string[] => [
    `setInterval(() => { ${begins} for (;;) {} }, 300)`,
    `setTimeout(() => { ${begins} /^(a+)+$/.test("a".repeat(40) + "b"); }, 300)`,
    `void (async () => { await new Promise((go) => setTimeout(go, 300)); ${begins} for (;;) {} })()`,
    `import { createServer } from "node:http";
     const server = createServer(() => { ${begins} for (;;) {} }).listen(0);
     setTimeout(() => void fetch("http://localhost:" + Object(server.address()).port), 300)`,
    `Reflect.get(globalThis, Symbol.for("jupyter.kernel")).comms
       .register("endless", () => { ${begins} for (;;) {} })`,
  ];
  const opened = { comm_id: "1", target_name: "endless", data: {} };
  try {
    for (const index of left("").keys()) {
      const code = left(`console.log("begins ${index}");`)[index]!;
      assert.equal((await fresh.execute(`${code}; 0`)).content.status, "ok");
      await fresh.shell.send(fresh.frames("comm_open", opened));
      await fresh.printed(`begins ${index}`);
      const { reply } = await endless(fresh);
      await fresh.request("interrupt_request", {}, fresh.control);
      assert.equal((await reply).content.ename, "KeyboardInterrupt", code);
      const later = "await new Promise((go) => setTimeout(go, 400)); 2"; // an interval's next turn
      assert.equal((await fresh.execute(later)).content.status, "ok", code);
    }
  } finally {
    await fresh.stop();
  }
});
test("child processes that inherit the kernel's streams write into the cell", async () => {
  const child = 'import * as child from "node:child_process";';
  for (const code of [
    'child.execSync("echo out; echo err >&2", { stdio: "inherit" });',
    'child.execFileSync("sh", ["-c", "echo out; echo err >&2"], { stdio: "inherit" });',
    'child.spawnSync("sh", ["-c", "echo out; echo err >&2"], { stdio: ["ignore", "inherit", "inherit"] });',
    'const p = child.spawn("sh", ["-c", "echo out; echo err >&2"], { stdio: "inherit" }); await new Promise((done) => p.on("close", done));',
  ]) {
    const { text, error } = await run(`${child}\n${code}\n0`);
    assert.deepEqual(
      [text.includes("out\n"), text.includes("err\n"), error],
      [true, true, undefined],
      code,
    );
  }
});

test("errors that a cell prints, shows or throws name the cell's own lines and no frames of ours", async () => {
  const { text } = await run(
    'interface Gone {\n  x: number;\n}\nconst e = new Error("printed");\nconsole.error(e);',
  );
  assert.match(text, /at cell\[\d+\]:4:11/);
  const shown = await run("e");
  assert.match(String(shown.value), /at cell\[\d+\]:4:11/);
  for (const output of [text, String(shown.value)])
    assert.doesNotMatch(output, /node:|kernel\/dist|evaluator|tslab/);
  const last = await run("// @ts-nocheck\n\n  missing(1)");
  assert.match((last.error!.traceback as string[]).join("\n"), /3 \| {3}missing\(1\)/);
  assert.match(String((await run("throw null")).error?.evalue), /null/);
  assert.ok(String((await run('throw new Error("x".repeat(5e6))')).error?.evalue).length < 30_000);
});

test("text is written in the encoding that it is given in, and bytes cut within a character stay whole", async () => {
  const { text } =
    await run(`process.stdout.write("6f6b", "hex"); process.stdout.write("w6k=", "base64");
    process.stdout.write("é", "utf8"); process.stdout.write("\\n");
    for (const byte of Buffer.from("é🎉")) process.stdout.write(Uint8Array.of(byte));`);
  assert.equal(text, "okéé\né🎉");
});

test("warnings of Node stand in their cell, but for those to authors of packages", async () => {
  const leak = `import { EventEmitter } from "node:events";
    const emitter = new EventEmitter();
    for (let i = 0; i < 12; i++) emitter.on("x", () => {});`;
  assert.match((await run(leak)).text, /^MaxListenersExceededWarning: .*memory leak.*\n$/);
  assert.equal((await run('process.emitWarning("careful");')).text, "Warning: careful\n");
  assert.equal((await run('process.emitWarning("old", "DeprecationWarning");')).text, "");
});

test("a CommonJS script finds itself to be the main module, without arguments; a file that it imports is not", async () => {
  const asks = "require.main === module";
  writeFileSync(path.join(client.folder, "asks.ts"), `export const isMain = ${asks};`);
  assert.equal((await run(`module.exports = { a: 1 }; exports.b = 2; ${asks}`)).value, "true");
  assert.equal((await run('import { isMain } from "./asks"; isMain')).value, "false");
  assert.equal((await run("module.exports")).value, "{ a: 1 }");
  assert.equal((await run("process.argv.slice(1).join() === module.filename")).value, "true");
  const parsed = await run('import { parseArgs } from "node:util"; parseArgs().positionals');
  assert.equal(parsed.value, "[]");
});

test("a cell uses what it declares to be in earlier or later cells, or global", async () => {
  const value = async (code: string): Promise<unknown> => {
    const { value, error } = await run(code);
    return error?.evalue ?? value;
  };
  await run("let held: any = [3]; function twice(n: number) { return 2 * n; }");
  const declared = "declare let held: number[]; declare function twice(n: number): number;";
  assert.equal(await value(`${declared} held = [...held, twice(held[0]!)]; held`), "[ 3, 6 ]");
  assert.equal(await value("held.length"), "2");
  await run("declare function after(n: number): number; const before = (n: number) => after(n);");
  assert.equal(await value("before(1)"), "after is not defined");
  await run("function after(n: number) { return n + 1; }");
  assert.equal(await value("before(1)"), "2");
  assert.equal(await value("declare var nowhere: any; typeof nowhere"), "'undefined'");
  assert.equal(await value("typeof nowhere + typeof held"), "'undefinedobject'");
  assert.equal(
    await value("declare var wide: number; wide = 5; Reflect.get(globalThis, 'wide')"),
    "5",
  );
  assert.equal(await value("((nowhere: number) => nowhere)(7)"), "7");
  assert.equal(await value("declare const process: { pid: string }; process.pid > '0'"), "true");
});

test("declare gives a type to what an earlier cell or the process has", async () => {
  await run("const raw: any = [1]; let count: any = 1; function made(): any { return 2; }");
  const { error } = await run(
    "declare const raw: number[], unset: string; declare let count: number; declare function made(): number;",
  );
  assert.equal(error, undefined);
  assert.equal((await run("raw[0]! + count + made()")).value, "4");
  assert.match(String((await run("raw.nowhere")).error?.evalue), /TS2339/);
  assert.match(String((await run("unset")).error?.evalue), /unset is not defined/);
  await run("declare const given: number; Reflect.set(globalThis, 'given', 7);");
  assert.equal((await run("given + 1")).value, "8");
  await run("const raw = 'anew';");
  assert.equal((await run("raw.length")).value, "4");
});

test("an async generator that nobody iterates says so", async () => {
  const { value } = await run("async function* steps() { yield 1 }\nsteps()");
  assert.match(String(value), /for await/);
});

test("outside of the project no inferred type refuses a cell", async () => {
  for (const code of [
    'const request = new Request("http://a.b/"), headers = new Headers();',
    "let form = new FormData(); const both = { form, headers };",
    "const Hidden = class { private x = 1; }; const hidden = new Hidden();",
    'import { autoencoder } from "autoencoders"; const model = autoencoder([4, 2, 4], { activation: "relu" });',
  ])
    assert.equal((await run(code)).error, undefined, code);
  assert.equal(
    (await run('request.method + headers.get("a") + typeof model.encode')).value,
    "'GETnullfunction'",
  );
});

test("JSX takes its factory from any cell, by pragmas too, or functions of a package", async () => {
  const folder = path.join(client.folder, "node_modules/elements");
  mkdirSync(folder, { recursive: true });
  const types = "export namespace JSX { interface IntrinsicElements { [name: string]: any } }";
  const files = {
    "package.json": '{ "name": "elements", "version": "1.0.0" }',
    "jsx-runtime.js": "exports.jsx = exports.jsxs = (tag, { children }) => [tag, children].join();",
    "jsx-runtime.d.ts": `${types} export declare const jsx: any, jsxs: any;`,
    "../../element.tsx":
      "/** @jsx h */ declare const h: any; export const made = () => <u>file</u>;",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const value = async (code: string): Promise<unknown> => {
    const { value, error } = await run(code);
    return error ?? value;
  };
  await run(`declare global { namespace JSX { interface IntrinsicElements { [name: string]: any } } }
    const h = (tag: string, _: unknown, ...inner: unknown[]) => [tag, ...inner].join();
    const React = { createElement: h, Fragment: "all" };
    Object.assign(globalThis, { h });`);
  assert.equal(await value("const make = () => <p>{1 + 1}</p>; make()"), "'p,2'");
  assert.equal(await value("<><b>x</b></>"), "'all,b,x'");
  assert.equal(await value("/** @jsx h */\nconst one = <i>y</i>; one"), "'i,y'");

  assert.equal(await value('import { made } from "./element"; made()'), "'u,file'");
  const source = "/** @jsxImportSource elements */";
  assert.equal(await value(`${source}\nconst three = <i>a{2}</i>; three`), "'i,a,2'");
  assert.equal(await value("// @ts-nocheck\n<i>unchecked</i>"), "'i,unchecked'");
});

test("a folder's tsconfig.json sets strictness, paths, decorators and JSX", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "configured-"));
  const compilerOptions = {
    strict: false,
    jsx: "react",
    baseUrl: ".",
    paths: { "@lib/*": ["lib-*"] },
  };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  writeFileSync(path.join(folder, "lib-a.ts"), "export const a = 1;");
  process.chdir(folder);
  const converter = new CellConverter(folder, path.resolve(__dirname, "../../.."));
  const codes = (code: string): number[] =>
    converter.convert(code).diagnostics.map((each) => each.code);
  assert.deepEqual(codes("const f = (x) => x; const n: number = null;"), []);
  assert.deepEqual(codes('import { a } from "@lib/a"; const n: number = a;'), []);
  assert.deepEqual(codes("const React: any = {}; const e = <div>{1}</div>;"), []);
  assert.deepEqual(
    codes(
      "const tag = (value: Function, at: ClassMethodDecoratorContext) => {}; class A { @tag m() {} }",
    ),
    [],
  );
  assert.deepEqual(converter.convert("const f = (x) => x;", "strict").diagnostics.length, 0);
});

test("an error that no promise carries fails its cell and reaches the cells' own listeners, which may throw or be gone", async () => {
  const ways: [name: string, code: (error: string) => string][] = [
    ["timer", (error) => `setTimeout(() => { throw ${error}; });`],
    ["immediate", (error) => `setImmediate(() => { throw ${error}; });`],
    ["microtask", (error) => `queueMicrotask(() => { throw ${error}; });`],
    ["tick", (error) => `process.nextTick(() => { throw ${error}; });`],
    ["rejection", (error) => `Promise.reject(${error});`],
    ["listener", (error) => `process.once("x", () => { throw ${error}; }); process.emit("x");`],
  ];
  const listening = `for (const event of ["uncaughtException", "unhandledRejection"])
    process.on(event, (error) => { console.log("heard", error.message); throw error; });`;
  for (const before of ["0", listening, "process.removeAllListeners();"]) {
    await run(`// @ts-nocheck\n${before}`);
    for (const [name, code] of ways) {
      const thrown = code(`new Error("by a ${name}")`);
      const ran = await run(
        `// @ts-nocheck\n${thrown}\nawait new Promise((r) => setTimeout(r, 20))`,
      );
      assert.equal(ran.error?.evalue, `by a ${name}`, before);
      const heard = before === listening && name !== "listener";
      assert.equal(ran.text.includes(`heard by a ${name}`), heard, before);
      await lives();
    }
  }
});
