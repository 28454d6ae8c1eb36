/** The executing thread's side of the kernel: evaluator, server, and what cells find globally. */
import type { EventEmitter } from "node:events";
import { Module } from "node:module";
import path from "node:path";
import type { MessagePort } from "node:worker_threads";
import { installHook } from "./answer/hook";
import { Server } from "./answer/server";
import { offerInspection } from "./debug/offer";
import { forwardChildProcesses } from "./run/child-processes";
import { within } from "./run/context";
import { Evaluator } from "./run/evaluator";
import { Input } from "./run/input";
import { installStdin } from "./run/stdin";
import { collectTensors } from "./run/tensor-gc";
import { guardTimers } from "./run/timers";
import type { ChannelStart, Outgoing } from "./wire/channel";
import { Flag } from "./wire/flags";

const packageFolder = path.resolve(__dirname, "..");

/** Lets `require` find packages of `root`, and the kernel's own, from any folder. */
function resolveFromRoot(root: string): void {
  const before = process.env.NODE_PATH;
  const beside = path.dirname(packageFolder);
  const own = path.basename(beside) === "node_modules" ? beside : undefined;
  process.env.NODE_PATH = [path.join(root, "node_modules"), own, before]
    .filter(Boolean)
    .join(path.delimiter);
  (Module as unknown as { _initPaths(): void })._initPaths();
  if (before === undefined) delete process.env.NODE_PATH;
  else process.env.NODE_PATH = before;
}

/**
 * Gives cells the names that a CommonJS module finds: `require.main === module` holds in them, and
 * `process.argv` has no arguments.
 */
function offerModule(folder: string): void {
  const filename = path.resolve("cell.ts");
  const module = Object.assign(new Module(filename), { filename });
  Reflect.set(process, "mainModule", module); // `require.main` of the functions made from now on
  Object.assign(globalThis, { __dirname: folder, __filename: filename, module });
  process.argv.splice(1, Number.POSITIVE_INFINITY, filename);
}

export interface Session {
  server: Server;
  evaluator: Evaluator;
}

/** Fails a cell by an error that none of its promises carries, and tells the cells' listeners. */
function uncaught(server: Server): (error: unknown) => void {
  return (error) => {
    server.asynchronousError(error);
    try {
      (process as EventEmitter).emit("uncaughtException", error, "uncaughtException");
    } catch (thrown) {
      server.asynchronousError(thrown);
    }
  };
}

/** Warnings about what packages use; whoever runs a cell can do nothing about them. */
const FOR_AUTHORS = new Set(["DeprecationWarning", "ExperimentalWarning"]);

/** Writes a warning of Node into the cell; Node would write it to Jupyter's terminal. */
function warn({ name, message }: Error): void {
  if (!FOR_AUTHORS.has(name)) process.stderr.write(`${name}: ${message}\n`);
}

/** Prepares the process for cells; `answers` brings the lines that they ask for. */
export function createSession(
  { folder, root, flags }: Pick<ChannelStart, "folder" | "root" | "flags">,
  answers: MessagePort,
  send: (message: Outgoing) => void,
): Session {
  resolveFromRoot(root);
  offerModule(folder);
  const evaluator = new Evaluator(folder, root, flags);
  const server = new Server(evaluator, flags, send);
  installHook(server);
  offerInspection(evaluator, server.formatters);
  const input = new Input(flags, answers, () => evaluator.owner, send);
  server.onCellEnd = () => input.drop();
  evaluator.onLeftoverEnd = (cell, reason) => server.asynchronousError(reason, cell);
  installStdin(input);
  forwardChildProcesses((handler) => server.bind(handler));
  collectTensors();
  const caught = uncaught(server);
  guardTimers((cell, error) => within(cell, () => caught(error)));
  process.on("warning", warn);
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => send({ kind: "leave" }));
  // Unlike a listener it stays when a cell removes all, or has one that throws.
  process.setUncaughtExceptionCaptureCallback(caught);
  process.on("unhandledRejection", (reason) => server.asynchronousError(reason));
  // A cell that waits already is the better warm-up.
  if (Atomics.load(flags, Flag.Received) === 0) evaluator.converter.warmUp();
  return { server, evaluator };
}
