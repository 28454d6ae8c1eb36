/**
 * The socket thread: it owns every ZeroMQ socket, verifies what comes in, signs what goes out, and
 * answers heartbeat, kernel_info, interrupt and shutdown by itself, so that they work while a cell
 * keeps the main thread busy.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type * as Zmq from "zeromq";
import { AssistLink } from "./assist-link";
import type { ChannelStart, Incoming, Outgoing } from "./channel";
import { DebuggerLink } from "./debugger-link";
import { Flag, ring } from "./flags";
import { interruptCell } from "./interrupt";
import { Questions } from "./stdin";
import { StreamBuffer } from "./stream-buffer";
import { address, type Extras, type Header, open, type Request, Signer, seal } from "./wire";

const MAX_MESSAGE_BYTES = 256 * 2 ** 20;
const PARENT_POLL_MS = 1000;
const SHUTDOWN_GRACE_MS = 500;
const TAKEN_PORT_MS = 2000;
const BIND_AGAIN_MS = 50;

const port = parentPort!;
const { connection, zeromq, flags, kernelInfo, folder, root, parent, answers } =
  workerData as ChannelStart;
const zmq = require(zeromq) as typeof Zmq;
const signer = new Signer(connection.key, connection.signature_scheme);
const post = (message: Incoming): void => port.postMessage(message);
/** Messages held for a subscriber that does not read. */
const MAX_HELD_MESSAGES = 3_000;
/** Time that all wait for a subscriber that does not read; then what it has no room for is lost. */
const SUBSCRIBER_GRACE_MS = 1000;
/** Time in which nobody waits for it again. */
const NO_GRACE_MS = 60_000;
const SEND_AGAIN_MS = 2;
const RECEIVE_PAUSE_MS = 10;

const routing = { linger: 500, maxMessageSize: MAX_MESSAGE_BYTES, sendHighWaterMark: 0 };
const shell = new zmq.Router(routing);
const control = new zmq.Router(routing);
const stdin = new zmq.Router(routing);
const iopub = new zmq.Publisher({
  linger: 500,
  sendHighWaterMark: MAX_HELD_MESSAGES,
  noDrop: true,
});
// A reply socket would fail for good at frames that no request socket sends.
const heartbeat = new zmq.Router({ linger: 0, maxMessageSize: MAX_MESSAGE_BYTES });
const sockets = [shell, control, stdin, iopub, heartbeat];

type Frames = (Uint8Array | string)[];

let grace = true;
let graceFrom = 0;
function giveGrace(given: boolean): void {
  if (given !== grace) iopub.noDrop = given;
  grace = given;
}

/**
 * Publishes at the pace of the subscribers. A burst can be faster than ZeroMQ's own thread, so that
 * even a subscriber that reads would lose messages, the end of its cell among them.
 */
async function sendToSubscribers(frames: Frames): Promise<void> {
  const begun = Date.now();
  giveGrace(begun >= graceFrom);
  for (;;)
    try {
      return await iopub.send(frames);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      if (Date.now() >= begun + SUBSCRIBER_GRACE_MS) {
        giveGrace(false);
        graceFrom = Date.now() + NO_GRACE_MS;
      } else await sleep(SEND_AGAIN_MS);
    }
}

/** Sends in order: a ZeroMQ socket takes one send at a time. */
class Outbox {
  #tail: Promise<void> = Promise.resolve();
  constructor(private readonly transmit: (frames: Frames) => Promise<void>) {}
  send(frames: Frames): void {
    this.#tail = this.#tail.then(() => this.transmit(frames)).catch(() => {});
  }
  drained(): Promise<void> {
    return this.#tail;
  }
}
const outboxes = {
  shell: new Outbox((frames) => shell.send(frames)),
  control: new Outbox((frames) => control.send(frames)),
  iopub: new Outbox(sendToSubscribers),
  stdin: new Outbox((frames) => stdin.send(frames)),
};
const publish = (
  type: string,
  parent: Header | undefined,
  content: string,
  extras: Extras = {},
): void => outboxes.iopub.send(seal(signer, { type, parent, content, ...extras }));
const streams = new StreamBuffer((parent, name, text) =>
  publish("stream", parent, JSON.stringify({ name, text })),
);
const status = (state: string, parent?: Header): void =>
  publish("status", parent, JSON.stringify({ execution_state: state }));

const questions = new Questions(
  (message) => outboxes.stdin.send(seal(signer, message)),
  (answer) => {
    answers.postMessage(answer);
    ring(flags);
  },
);

let running: Header | undefined;

port.on("message", (message: Outgoing) => {
  if (message.kind === "stream") {
    streams.write(message.parent, message.name, message.text);
    return;
  }
  const unfinished =
    message.kind === "question" && message.question.prompt === undefined
      ? streams.takeUnfinishedLine(message.question.parent)
      : "";
  streams.flush();
  if (message.kind === "leave") void leave();
  else if (message.kind === "farewell") end();
  else if (message.kind === "running") {
    running = message.parent;
    assist.declarations = message.declarations ?? assist.declarations;
    if (!running) questions.drop();
  } else if (message.kind === "iopub")
    publish(message.type, message.parent, message.content, message);
  else if (message.kind === "question")
    questions.ask({ ...message.question, prompt: message.question.prompt ?? unfinished });
  else {
    const { identities, type, parent, content } = message;
    outboxes.shell.send(seal(signer, { identities, type, parent, content }));
  }
});

/** Answers on the spot, with busy before and idle after; a cell that runs meanwhile stays busy. */
function answer(outbox: Outbox, request: Request, type: string, content: object): void {
  streams.flush();
  status("busy", request.header);
  reply(outbox, request, type, content);
}

function reply(outbox: Outbox, request: Request, type: string, content: object): void {
  const { identities, header } = request;
  outbox.send(seal(signer, { identities, type, parent: header, content: JSON.stringify(content) }));
  status("idle", request.header);
  if (running) status("busy", running);
}

const link = new DebuggerLink({
  reply: (request, content) => reply(outboxes.control, request, "debug_reply", content),
  publish: (content) => {
    streams.flush();
    publish("debug_event", running, JSON.stringify(content));
  },
});
let closing = false;
let kill: NodeJS.Timeout | undefined;

const assist = new AssistLink(
  { folder, root },
  (request, content) =>
    reply(outboxes.shell, request, request.header.msg_type.replace("request", "reply"), content),
  (request) => post({ kind: "request", request, arrival: 0 }),
);

/** ZeroMQ aborts the process when it ends with a socket open. */
function close(): void {
  closing = true;
  for (const socket of sockets) socket.close();
}

/**
 * Has the executing thread end the process, and ends it here when that thread does not come to it.
 */
async function leave(): Promise<void> {
  if (closing) return;
  await link.close();
  if (closing) return;
  close();
  post({ kind: "shutdown" });
  kill = setTimeout(() => process.kill(process.pid, "SIGKILL"), SHUTDOWN_GRACE_MS);
}

/**
 * Lets this thread end by itself: ended from outside, ZeroMQ's pending callbacks abort the process.
 */
function end(): void {
  clearTimeout(kill);
  clearInterval(parentWatch);
  answers.close();
  port.close();
}

async function shutdown(outbox: Outbox, request: Request): Promise<void> {
  answer(outbox, request, "shutdown_reply", {
    status: "ok",
    restart: request.content.restart === true,
  });
  await Promise.race([outbox.drained(), sleep(SHUTDOWN_GRACE_MS)]);
  await sleep(20);
  await leave();
}

function interrupt(outbox: Outbox, request: Request): void {
  const cell = running;
  const notify = (): void => post({ kind: "interrupt" });
  const onNative = (): void =>
    streams.write(
      cell,
      "stderr",
      "Interrupt received: a native operation is running, the cell stops when it returns.\n",
    );
  void link.withoutPauses(() => interruptCell(flags, notify, onNative));
  answer(outbox, request, "interrupt_reply", { status: "ok" });
}

/** Requests that this thread answers itself; true when it did. */
function answered(outbox: Outbox, request: Request): boolean {
  switch (request.header.msg_type) {
    case "kernel_info_request":
      answer(outbox, request, "kernel_info_reply", kernelInfo);
      return true;
    case "interrupt_request":
      interrupt(outbox, request);
      return true;
    case "shutdown_request":
      void shutdown(outbox, request);
      return true;
    default:
      return false;
  }
}

/**
 * Handles what the socket receives until it is closed; survives frames that ZeroMQ or a handler
 * refuses.
 */
async function listen(
  socket: Zmq.Router,
  handle: (frames: Buffer[]) => Promise<void> | void,
): Promise<void> {
  while (!closing)
    try {
      await handle(await socket.receive());
    } catch {
      await sleep(RECEIVE_PAUSE_MS);
    }
}

/** True from the receipt of a cell to its answer: until it runs, the main thread compiles it. */
const isBusy = (): boolean =>
  Atomics.load(flags, Flag.Received) !== Atomics.load(flags, Flag.Answered);

function receiveOnShell(frames: Buffer[]): void {
  const request = open(signer, frames);
  if (!request || answered(outboxes.shell, request)) return;
  if (isBusy() && assist.takes(request)) {
    status("busy", request.header);
    assist.receive(request);
    return;
  }
  const executes = request.header.msg_type === "execute_request";
  const arrival = executes ? Atomics.add(flags, Flag.Received, 1) + 1 : 0;
  post({ kind: "request", request, arrival });
}

function receiveOnControl(frames: Buffer[]): void {
  const request = open(signer, frames);
  if (!request || answered(outboxes.control, request)) return;
  if (request.header.msg_type !== "debug_request") return;
  status("busy", request.header);
  link.receive(request);
}

function receiveOnStdin(frames: Buffer[]): void {
  const reply = open(signer, frames);
  if (reply?.header.msg_type === "input_reply") questions.receive(reply);
}

let parentWatch: NodeJS.Timeout | undefined;

/**
 * Ends the kernel, and the processes that cells started, when the process that started it is gone.
 */
function watchParent(): void {
  parentWatch = setInterval(() => {
    if (process.ppid === parent) return;
    try {
      process.kill(-process.pid, "SIGKILL");
    } catch {
      process.kill(process.pid, "SIGKILL"); // it leads no process group
    }
  }, PARENT_POLL_MS);
}

/** Binds a port; another program may have taken it for a moment since Jupyter found it free. */
async function bind(socket: { bind(address: string): Promise<void> }, port: number): Promise<void> {
  const place = address(connection, port);
  for (const end = Date.now() + TAKEN_PORT_MS; ; await sleep(BIND_AGAIN_MS))
    try {
      return await socket.bind(place);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && Date.now() < end) continue;
      throw new Error(
        `cannot listen at ${place}: ${message}; start with a connection file of free ports`,
      );
    }
}

async function start(): Promise<void> {
  watchParent();
  const { shell_port, control_port, stdin_port, iopub_port, hb_port } = connection;
  const ports = [shell_port, control_port, stdin_port, iopub_port, hb_port];
  await Promise.all(sockets.map((socket, i) => bind(socket, ports[i]!)));
  status("starting");
  post({ kind: "ready" });
  await Promise.all([
    listen(shell, receiveOnShell),
    listen(control, receiveOnControl),
    listen(stdin, receiveOnStdin),
    listen(heartbeat, (frames) => heartbeat.send(frames)),
  ]);
}

start().catch((error: Error) => {
  close();
  post({ kind: "failure", reason: error.message });
});
