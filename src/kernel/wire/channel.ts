import type { Connection, Header, Json, Request } from "./wire";

/** What the socket thread is started with. */
export interface ChannelStart {
  connection: Connection;
  zeromq: string;
  flags: Int32Array;
  kernelInfo: Json;
  /** The process that started the kernel. */
  parent: number;
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
  | { kind: "iopub"; type: string; parent: Header | undefined; content: string }
  | { kind: "shell"; type: string; parent: Header; identities: Uint8Array[]; content: string }
  | { kind: "stream"; parent: Header | undefined; name: string; text: string }
  | { kind: "running"; parent: Header | undefined }
  | { kind: "leave" };
