/** A Jupyter client for the kernel's own tests: it starts `main.js` and speaks the protocol, also badly. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type * as Zmq from "zeromq";
import { zeromqFile } from "./tslab";
import { type Connection, type Header, type Json, Signer } from "./wire";

const zmq = require(zeromqFile()) as typeof Zmq;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export interface Received {
  type: string;
  parent: Partial<Header>;
  content: Json;
}

const parsed = (frames: Buffer[]): Received => {
  const at = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
  const [header, parent, , content] = frames.slice(at + 2).map((frame) => JSON.parse(frame.toString()) as Json);
  return { type: String(header!.msg_type), parent: parent as Partial<Header>, content: content! };
};

/** A running kernel and the sockets to it. */
export class TestClient {
  readonly signer: Signer;
  readonly #iopub = new zmq.Subscriber();
  readonly shell = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  readonly control = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  readonly folder: string;

  private constructor(
    readonly connection: Connection,
    readonly process: ChildProcess,
    folder: string,
  ) {
    this.folder = folder;
    this.signer = new Signer(connection.key);
    const address = (port: number): string => `tcp://127.0.0.1:${port}`;
    this.#iopub.subscribe("");
    this.#iopub.connect(address(connection.iopub_port));
    this.shell.connect(address(connection.shell_port));
    this.control.connect(address(connection.control_port));
  }

  static async start(): Promise<TestClient> {
    const folder = mkdtempSync(path.join(tmpdir(), "kernel-"));
    const ports = await Promise.all(Array.from({ length: 5 }, freePort));
    const [shell_port, iopub_port, control_port, stdin_port, hb_port] = ports as [
      number,
      number,
      number,
      number,
      number,
    ];
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
    const child = spawn(process.execPath, ["--no-force-async-hooks-checks", main, file], {
      cwd: folder,
      stdio: "ignore",
    });
    const client = new TestClient(connection, child, folder);
    await client.request("kernel_info_request", {});
    return client;
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
    for (;;) {
      const message = parsed((await socket.receive()) as Buffer[]);
      if (message.parent.msg_id === msg_id) return message;
    }
  }

  execute(code: string): Promise<Received> {
    return this.request("execute_request", { code, silent: false, store_history: true });
  }

  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async stop(): Promise<void> {
    await Promise.race([this.request("shutdown_request", { restart: false }, this.control), sleep(3000)]);
    if (this.alive) await Promise.race([new Promise((resolve) => this.process.once("exit", resolve)), sleep(3000)]);
    this.process.kill("SIGKILL");
    for (const socket of [this.#iopub, this.shell, this.control]) socket.close();
  }
}
