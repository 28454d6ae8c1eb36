// Parts of Jupyter's messaging protocol that jupyter_kernel_test (conformance.py) does not test.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, type Received, TestClient } from "./test-client";
import { eventually, onceBelow } from "./test-waits";
import { address, type Json } from "./wire/wire";

let client: TestClient;
before(async () => {
  client = await TestClient.start();
});
after(() => client.stop());

const execute = (code: string, more: Json = {}): Promise<Received> =>
  client.request("execute_request", { code, silent: false, ...more });
const types = (messages: Received[]): string[] =>
  messages.map(({ type, content }) => (type === "status" ? String(content.execution_state) : type));
const text = ({ content }: Received): unknown => (content.data as Json)["text/plain"];

test("every request is answered by the channel it came by, between busy and idle", async () => {
  for (const socket of [client.shell, client.control])
    for (const type of ["kernel_info", "interrupt"]) {
      const reply = await client.request(`${type}_request`, {}, socket);
      assert.equal(reply.type, `${type}_reply`);
      assert.deepEqual(types(await client.published(reply)), ["busy", "idle"]);
    }
  for (const type of ["complete", "inspect", "is_complete", "history", "comm_info"]) {
    const reply = await client.request(`${type}_request`, { code: "Math.", cursor_pos: 5 });
    assert.deepEqual([reply.type, reply.content.status === "error"], [`${type}_reply`, false]);
    assert.deepEqual(types(await client.published(reply)), ["busy", "idle"]);
  }
});

test("a result comes after the input and before idle, an error too", async () => {
  const [good, bad] = [await execute("1 + 1"), await execute("throw new Error('x')")];
  assert.deepEqual(types(await client.published(good)), [
    "busy",
    "execute_input",
    "execute_result",
    "idle",
  ]);
  assert.deepEqual(types(await client.published(bad)), ["busy", "execute_input", "error", "idle"]);
});

test("the kernel's messages carry one session, which is not the client's", async () => {
  const reply = await execute("1");
  const sessions = new Set(
    [reply, ...(await client.published(reply))].map(({ header }) => header.session),
  );
  assert.equal(sessions.size, 1);
  assert.ok(!sessions.has(String(reply.parent.session)));
});

test("what is silent publishes its state alone and is not counted; what is not stored is not counted either", async () => {
  const { execution_count } = (await execute("1")).content;
  const silent = await execute("console.log(1); 2", { silent: true });
  assert.deepEqual(types(await client.published(silent)), ["busy", "idle"]);
  const unstored = await execute("2", { store_history: false });
  assert.equal(unstored.content.execution_count, execution_count);
  assert.equal((await execute("1")).content.execution_count, Number(execution_count) + 1);
});

test("a failure aborts what was queued, unless told not to or the error ends its cell alone, and not what comes later", async () => {
  const alone =
    'throw Object.assign(new Error("a claim"), { [Symbol.for("jupyter.endsItsCellAlone")]: true })';
  for (const [code, stop_on_error, status] of [
    ["throw 1", true, "aborted"],
    ["throw 1", false, "ok"],
    [alone, true, "ok"],
  ] as const) {
    const ids = [randomUUID(), randomUUID()];
    const contents = [{ code, stop_on_error }, { code: "1" }];
    for (const [i, msg_id] of ids.entries())
      await client.shell.send(client.frames("execute_request", contents[i], { msg_id }));
    assert.equal((await client.replyTo(ids[0])).content.status, "error");
    const { content } = await client.replyTo(ids[1]);
    assert.deepEqual([content.status, "execution_count" in content], [status, status === "ok"]);
    assert.equal((await execute("1")).content.status, "ok");
  }
});

test("history is asked by its end, by a range of one session, and by a pattern", async () => {
  const first = Number((await execute("'alpha'")).content.execution_count);
  await execute("'alpha'");
  await execute("'beta'");
  const asked = async (content: Json) =>
    (
      (await client.request("history_request", content)).content.history as [
        number,
        number,
        string,
      ][]
    ).map(([, line, input]) => [line - first, input]);
  const all = [
    [0, "'alpha'"],
    [1, "'alpha'"],
    [2, "'beta'"],
  ];
  assert.deepEqual(await asked({ hist_access_type: "tail", n: 3 }), all);
  assert.deepEqual(
    await asked({ hist_access_type: "range", session: 0, start: first, stop: first + 2 }),
    all.slice(0, 2),
  );
  assert.deepEqual(
    await asked({ hist_access_type: "range", session: -1, start: first, stop: first + 2 }),
    [],
  );
  assert.deepEqual(
    await asked({ hist_access_type: "search", pattern: "'?lph*", unique: true }),
    all.slice(1, 2),
  );
});

test("a comm that is opened is closed: nothing here listens to it", async () => {
  const msg_id = randomUUID();
  await client.shell.send(
    client.frames("comm_open", { comm_id: "c", target_name: "jupyter.widget" }, { msg_id }),
  );
  const { content } = await client.request("comm_info_request", {});
  assert.deepEqual(content.comms, {});
  const said = await client.published({ parent: { msg_id } });
  assert.deepEqual(types(said), ["busy", "comm_close", "idle"]);
  assert.equal(said[1].content.comm_id, "c");
});

test("output of a timer that outlives its cell belongs to that cell", async () => {
  const reply = await execute("setTimeout(() => console.log('late'), 300); 0");
  await execute("1");
  await client.printed("late");
  const late = (await client.published(reply)).find(({ type }) => type === "stream");
  assert.equal(late?.content.text, "late\n");
});

test("a value that never says how it is shown is interrupted like its cell", async () => {
  for (const how of ["return new Promise(() => {});", "while (true) {}"]) {
    const asked = randomUUID();
    const shown = `() => { console.log("${asked}"); ${how} }`;
    const running = execute(`const kept = 4; ({ [Symbol.for("Jupyter.display")]: ${shown} })`);
    await client.printed(asked);
    await client.request("interrupt_request", {}, client.control);
    assert.equal((await running).content.ename, "KeyboardInterrupt", how);
    const reply = await execute("kept");
    assert.equal(text((await client.published(reply))[2]), "4");
  }
});

test("a value that cannot be sent, and a failing user expression, fail where they stand", async () => {
  const display = '({ [Symbol.for("Jupyter.display")]: () => ({ "application/json": 1n }) })';
  assert.equal((await execute(display)).content.ename, "TypeError");
  const thrower = '({ [Symbol.for("Jupyter.display")]() { throw new Error("no") } })';
  const { content } = await execute("", {
    user_expressions: { a: thrower, b: "2", c: "undefined" },
  });
  const { a, b, c } = content.user_expressions as Record<string, Json>;
  assert.deepEqual([content.status, a.status, a.evalue], ["ok", "error", "no"]);
  assert.deepEqual([b.data, c.data], [{ "text/plain": "2" }, { "text/plain": "undefined" }]);
});

test("an update without the id of a display is refused", async () => {
  const hook = '(globalThis as any)[Symbol.for("jupyter.kernel")]';
  const { content } = await execute(`${hook}.publish({ "text/plain": "a" }, { update: true })`);
  assert.match(String(content.evalue), /must name the display it replaces, got none/);
});

test("a cell waits for its timers that are due soon, not for those that were cleared", async () => {
  await execute("0");
  const timed = async (code: string): Promise<number> => {
    const started = Date.now();
    for (let i = 0; i < 20; i++) await execute(code);
    return Date.now() - started;
  };
  await onceBelow(1 / 2, async () => {
    const cleared = await timed("clearTimeout(setTimeout(() => {}, 1))");
    return cleared / (await timed("setTimeout(() => {}, 40)"));
  });
  const many = "for (let i = 0; i < 200_000; i++) setTimeout(() => {}, 60_000).unref()";
  assert.equal((await execute(many)).content.status, "ok");
});

test("import() finds a module of ECMAScript that awaits at its top", async () => {
  writeFileSync(
    path.join(client.folder, "awaits.mjs"),
    "export const seven = await Promise.resolve(7);\n",
  );
  const reply = await execute('// @ts-nocheck\n(await import("./awaits.mjs")).seven');
  assert.equal(text((await client.published(reply))[2]), "7");
});

test("addresses are written as the transport wants them", () => {
  const { connection } = client;
  assert.equal(address({ ...connection, ip: "127.0.0.1" }, 5), "tcp://127.0.0.1:5");
  assert.equal(
    address({ ...connection, transport: "ipc", ip: "/run/kernel" }, 5),
    "ipc:///run/kernel-5",
  );
});

test("a shutdown request, also by the shell channel, is answered and leaves with code 0, and so does SIGTERM", async () => {
  for (const way of ["shell", "SIGTERM"] as const) {
    const leaving = await TestClient.start();
    await leaving.execute("1");
    const ended = new Promise((resolve) =>
      leaving.process.once("exit", (code, signal) => resolve(code ?? signal)),
    );
    if (way === "SIGTERM") leaving.process.kill(way);
    else {
      const { content } = await leaving.request(
        "shutdown_request",
        { restart: true },
        leaving[way],
      );
      assert.deepEqual(content, { status: "ok", restart: true });
    }
    assert.equal(await ended, 0, way);
    await leaving.stop();
  }
});

test("a cell survives a terminal's Ctrl-C and a closed laptop, and an interrupt keeps its variables", async () => {
  const other = await TestClient.start();
  await other.execute("let count = 0;");
  const endless = other.execute(`for (;;) {
    if (++count % 50 === 0) console.log(\`\${count} turns;\`);
    await new Promise((wake) => setTimeout(wake, 1));
  }`);
  await other.printed("50 turns;");
  for (const signal of ["SIGINT", "SIGSTOP", "SIGCONT"] as const) {
    other.process.kill(signal);
    await sleep(300);
  }
  await other.printed("1000 turns;"); // about 650 before the last signal
  await other.request("interrupt_request", {}, other.control);
  assert.equal((await endless).content.ename, "KeyboardInterrupt");
  const reply = await other.request("execute_request", {
    code: "",
    silent: false,
    user_expressions: { count: "count >= 1000" },
  });
  const { count } = reply.content.user_expressions as { count: { data: Record<string, string> } };
  assert.equal(count.data["text/plain"], "true");
  const spinning = other.execute(
    'console.log("spins"); const end = Date.now() + 600; while (Date.now() < end);',
  );
  await other.printed("spins");
  other.process.kill("SIGINT");
  assert.equal((await spinning).content.status, "ok");
  await other.stop();
});

/** A kernel whose shell port another program has; ends as soon as it cannot start. */
async function startAtTakenPort(): Promise<{ kernel: ChildProcess; other: Server; port: number }> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const [iopub_port, control_port, stdin_port, hb_port] = await Promise.all(
    Array.from({ length: 4 }, freePort),
  );
  const ports = { shell_port: port, iopub_port, control_port, stdin_port, hb_port };
  const file = path.join(client.folder, "taken.json");
  writeFileSync(file, JSON.stringify({ ...client.connection, ...ports }));
  const main = path.join(__dirname, "main.js");
  const kernel = spawn(process.execPath, [main, file], { stdio: ["ignore", "ignore", "pipe"] });
  return { kernel, other, port };
}

test("a port that stays taken is named, and the kernel leaves", async () => {
  const { kernel, other } = await startAtTakenPort();
  let said = "";
  kernel.stderr!.on("data", (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => kernel.once("close", resolve));
  other.close();
  assert.equal(code, 1);
  assert.match(said, /cannot listen at tcp:\/\/127.0.0.1:\d+: .*in use/);
});

test("a port that is taken for a moment is waited for", async () => {
  const { kernel, other, port } = await startAtTakenPort();
  await sleep(1000);
  other.close();
  await eventually(async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });
  kernel.kill("SIGKILL");
});
