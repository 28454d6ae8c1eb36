/**
 * The kernel: `node --no-force-async-hooks-checks dist/main.js <connection file> [--root
 * <folder>]`.
 */
import { readFileSync, writeSync } from "node:fs";
import path from "node:path";
// The global timers belong to the cells.
import { setTimeout } from "node:timers";
import { parseArgs } from "node:util";
import { MessageChannel, Worker } from "node:worker_threads";
import { kernelInfo } from "./answer/kernel-info";
import type { Session } from "./session";
import type { ChannelStart, Incoming, Outgoing } from "./wire/channel";
import { newFlags } from "./wire/flags";
import type { Connection } from "./wire/wire";

/**
 * The process that started the kernel; Jupyter says which, in case it is gone before we get here.
 */
const parent = process.ppid === 1 ? Number(process.env.JPY_PARENT_PID ?? 1) : process.ppid;
/** Time for the socket thread to end by itself. */
const THREAD_GRACE_MS = 1000;
const packageFolder = path.resolve(__dirname, "..");

/** The way out, which `installHook` takes from the cells. */
const exit: (code: number) => never = process.exit.bind(process);

/** Ends the processes that cells started, then the kernel. */
function leave(code = 0): never {
  process.removeAllListeners("SIGTERM");
  process.on("SIGTERM", () => {});
  try {
    process.kill(-process.pid, "SIGTERM");
  } catch {
    // The kernel leads no process group: there is nothing to end with it.
  }
  exit(code);
}

/** Writes a fatal reason to the process's own stderr, which cells do not reach. */
function fail(reason: string): void {
  writeSync(2, `${reason}\n`);
  leave(1);
}

function start(connectionFile: string, root: string): void {
  const connection = JSON.parse(readFileSync(connectionFile, "utf8")) as Connection;
  const { version } = require("../package.json") as { version: string };
  const flags = newFlags();
  const { port1: answers, port2 } = new MessageChannel();
  const workerData: ChannelStart = {
    connection,
    zeromq: require.resolve("zeromq"),
    flags,
    kernelInfo: kernelInfo(version),
    folder: process.cwd(),
    root,
    parent,
    answers: port2,
  };
  const sockets = new Worker(path.join(__dirname, "wire/sockets.js"), {
    workerData,
    transferList: [port2],
    stdout: false,
    stderr: false,
  });
  const send = (message: Outgoing): void => sockets.postMessage(message);

  let session: Session;
  sockets.on("message", (message: Incoming) => {
    if (message.kind === "shutdown") {
      sockets.once("exit", () => leave());
      setTimeout(() => leave(), THREAD_GRACE_MS);
      send({ kind: "farewell" });
    }
    if (message.kind === "failure") fail(message.reason);
    if (message.kind === "interrupt") session.evaluator.interrupt();
    if (message.kind === "request") session.server.receive(message.request, message.arrival);
  });
  sockets.on("error", (error) => fail(`the socket thread failed: ${error.stack}`));
  // Loaded while the socket thread starts; messages arrive after this.
  const { cacheModules } =
    require("./convert/compile-cache") as typeof import("./convert/compile-cache");
  cacheModules();
  const { createSession } = require("./session") as typeof import("./session");
  session = createSession(workerData, answers, send);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: "string" } },
});
const [connectionFile] = positionals;
if (!connectionFile) {
  process.stderr.write("usage: node dist/main.js <connection file> [--root <folder>]\n");
  process.exit(2);
}
start(connectionFile, values.root ?? packageFolder);
