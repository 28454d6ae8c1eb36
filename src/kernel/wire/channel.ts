import type { MessagePort } from "node:worker_threads";
import type { Connection, Extras, Header, Json, Request } from "./wire";

/** Arguments of the socket thread. */
export interface ChannelStart {
  connection: Connection;
  zeromq: string;
  flags: Int32Array;
  kernelInfo: Json;
  folder: string;
  root: string;
  /** The process that started the kernel. */
  parent: number;
  /** Carries each `Answer`; a port of its own can be read while the executing thread waits. */
  answers: MessagePort;
}

/** A line that a cell asks the front end for. */
export interface Question {
  id: number;
  parent: Header;
  identities: Uint8Array[];
  /** Undefined where the cell's last unfinished line of output is the prompt. */
  prompt: string | undefined;
  password: boolean;
}

/** The line that answers a question; null where the front end gave none. */
export interface Answer {
  id: number;
  line: string | null;
}

/** From the socket thread to the executing thread. */
export type Incoming =
  | { kind: "ready" }
  | { kind: "request"; request: Request; arrival: number }
  | { kind: "interrupt" }
  | { kind: "shutdown" }
  | { kind: "failure"; reason: string };

/** From the executing thread to the socket thread; `content` is JSON text. */
export type Outgoing =
  | ({ kind: "iopub"; type: string; parent: Header | undefined; content: string } & Extras)
  | { kind: "question"; question: Question }
  | { kind: "shell"; type: string; parent: Header; identities: Uint8Array[]; content: string }
  | { kind: "stream"; parent: Header | undefined; name: string; text: string }
  /** With the declarations of the cells that have ended, if they changed. */
  | { kind: "running"; parent: Header | undefined; declarations: readonly string[] | undefined }
  /** Asks to end the kernel in order. */
  | { kind: "leave" }
  /** Answers `shutdown`: the executing thread ends the process once the socket thread is gone. */
  | { kind: "farewell" };
