/**
 * A Jupyter client for the kernel's own tests: it starts `main.js` and speaks the protocol, also
 * badly.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type * as Zmq from "zeromq";
import { kernelSpec } from "./spec";
import { eventually } from "./test-waits";
import { address, type Connection, type Header, type Json, Signer } from "./wire/wire";

const zmq = require("zeromq") as typeof Zmq;
const root = path.resolve(__dirname, "../../..");

/** A port that nobody listens at. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export interface Received {
  header: Header;
  type: string;
  parent: Partial<Header>;
  content: Json;
}

const parsed = (frames: Buffer[]): Received => {
  const at = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
  const [header, parent, , content] = frames
    .slice(at + 2)
    .map((frame) => JSON.parse(frame.toString()) as Json);
  return {
    header: header as unknown as Header,
    type: String(header!.msg_type),
    parent: parent as Partial<Header>,
    content: content!,
  };
};

/** A running kernel and the sockets to it. */
export class TestClient {
  readonly signer: Signer;
  readonly #iopub = new zmq.Subscriber();
  readonly shell = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  readonly control = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  readonly #published: Received[] = [];
  /** Replies by the request that they answer. */
  readonly #replies = new Map<string, Received>();
  #seq = 0;
  #seen = 0;
  #stopped = false;

  private constructor(
    readonly connection: Connection,
    readonly process: ChildProcess,
    readonly folder: string,
  ) {
    this.signer = new Signer(connection.key);
    this.#iopub.subscribe("");
    this.#iopub.connect(address(connection, connection.iopub_port));
    this.shell.connect(address(connection, connection.shell_port));
    this.control.connect(address(connection, connection.control_port));
    void this.#listen();
    for (const socket of [this.shell, this.control]) void this.#listenTo(socket);
  }

  async #listen(): Promise<void> {
    for await (const frames of this.#iopub) this.#published.push(parsed(frames as Buffer[]));
  }

  async #listenTo(socket: Zmq.Dealer): Promise<void> {
    for await (const frames of socket) {
      const reply = parsed(frames as Buffer[]);
      this.#replies.set(String(reply.parent.msg_id), reply);
    }
  }

  /** Starts a kernel, with other ports if a program has just taken one. */
  static async start(variables: Record<string, string> = {}): Promise<TestClient> {
    for (let starts = 1; ; starts++) {
      const client = await TestClient.#spawned(variables);
      const ended = once(client.process, "exit");
      if (await Promise.race([client.#ready(), ended.then(() => false)])) return client;
      await client.stop();
      assert.ok(starts < 3, "a kernel must start, got the end of three");
    }
  }

  async #ready(): Promise<true> {
    do await this.request("kernel_info_request", {});
    while (this.#published.length === 0);
    return true;
  }

  static async #spawned(variables: Record<string, string>): Promise<TestClient> {
    const folder = mkdtempSync(path.join(tmpdir(), "kernel-"));
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const [shell_port, iopub_port, control_port, stdin_port, hb_port] = ports;
    const connection: Connection = {
      transport: "tcp",
      ip: "127.0.0.1",
      key: randomUUID(),
      signature_scheme: "hmac-sha256",
      shell_port,
      iopub_port,
      control_port,
      stdin_port,
      hb_port,
    };
    const file = path.join(folder, "connection.json");
    writeFileSync(file, JSON.stringify(connection));
    const main = path.join(__dirname, "main.js");
    const { env } = kernelSpec();
    const args = ["--no-force-async-hooks-checks", main, file, "--root", root];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, ...env, ...variables },
      stdio: "ignore",
    });
    return new TestClient(connection, child, folder);
  }

  /** Signed frames of a message. */
  frames(type: string, content: unknown, changes: Partial<Header> = {}): (string | Buffer)[] {
    const header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: "test",
      username: "test",
      date: new Date().toISOString(),
      version: "5.3",
      ...changes,
    };
    return this.seal([JSON.stringify(header), "{}", "{}", JSON.stringify(content)]);
  }

  seal(parts: (string | Buffer)[]): (string | Buffer)[] {
    return ["<IDS|MSG>", this.signer.sign(parts), ...parts];
  }

  /** Sends a request and waits for its reply. */
  async request(type: string, content: Json, socket: Zmq.Dealer = this.shell): Promise<Received> {
    const msg_id = randomUUID();
    await socket.send(this.frames(type, content, { msg_id }));
    return this.replyTo(msg_id);
  }

  /** The reply to a request that was sent. */
  async replyTo(msg_id: string): Promise<Received> {
    for (; ; await sleep(1)) {
      const reply = this.#replies.get(msg_id);
      if (reply) return reply;
      if (this.#stopped) return new Promise(() => {}); // no timer keeps the test process alive
    }
  }

  /** Messages published for the request of a reply, from busy to idle. */
  async published({ parent }: Pick<Received, "parent">): Promise<Received[]> {
    for (;;) {
      const found = this.#published.filter((each) => each.parent.msg_id === parent.msg_id);
      if (found.some(({ content }) => content.execution_state === "idle")) return found;
      await sleep(5);
    }
  }

  /** Waits until a cell has printed this. */
  async printed(text: string): Promise<void> {
    const prints = ({ type, content }: Received): boolean =>
      type === "stream" && String(content.text).includes(text);
    await eventually(() => assert.ok(this.#published.some(prints), `must be printed: ${text}`));
  }

  execute(code: string): Promise<Received> {
    return this.request("execute_request", { code, silent: false, store_history: true });
  }

  /** Sends a request to the debugger; the content of its reply. */
  async debug(command: string, values: Json = {}): Promise<Json> {
    const content = { type: "request", seq: ++this.#seq, command, arguments: values };
    return (await this.request("debug_request", content, this.control)).content;
  }

  /** The next event of the debugger that was not waited for yet; rejects if `before` ends first. */
  async event(name: string, before?: Promise<unknown>): Promise<Json> {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    before?.then(end, end);
    for (; ; await sleep(5)) {
      if (ended) throw new Error(`no event ${name}`);
      const events = this.#published.filter(({ type }) => type === "debug_event");
      const at = events.findIndex(({ content }, i) => i >= this.#seen && content.event === name);
      if (at < 0) continue;
      this.#seen = at + 1;
      return events[at]!.content.body as Json;
    }
  }

  /** Sends a heartbeat and waits for it to come back. */
  async heartbeat(): Promise<void> {
    const socket = new zmq.Request({ linger: 0 });
    socket.connect(address(this.connection, this.connection.hb_port));
    await socket.send("ping");
    await socket.receive();
    socket.close();
  }

  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async stop(): Promise<void> {
    await Promise.race([
      this.request("shutdown_request", { restart: false }, this.control),
      sleep(3000),
    ]);
    if (this.alive)
      await Promise.race([
        new Promise((resolve) => this.process.once("exit", resolve)),
        sleep(3000),
      ]);
    this.process.kill("SIGKILL");
    this.#stopped = true;
    for (const socket of [this.#iopub, this.shell, this.control]) socket.close();
  }
}
