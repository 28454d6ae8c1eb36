import { randomUUID } from "node:crypto";
import type { Bind } from "../run/context";
import type { Extras, Header, Json, Request } from "../wire/wire";

export interface CommMessage {
  data: Json;
  metadata: Json;
  buffers: Uint8Array[];
}

/** Metadata and binary parts of a message to the front end. */
export interface CommExtras {
  metadata?: Json;
  buffers?: readonly (ArrayBufferView | ArrayBuffer)[];
}

type Publish = (type: string, parent: Header | undefined, content: Json, extras?: Extras) => void;
type Target = (comm: Comm, data: Json, message: CommMessage) => unknown;

/** Copies a part out of the memory that it is a window of; a message carries whole buffers. */
function bytes(part: ArrayBufferView | ArrayBuffer, index: number): Uint8Array {
  if (part instanceof ArrayBuffer) return new Uint8Array(part);
  if (!ArrayBuffer.isView(part))
    throw new TypeError(
      `buffer ${index} of a comm message must be an ArrayBuffer or a typed array, got ${typeof part}; put other values into data`,
    );
  const view = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  return view.byteLength === part.buffer.byteLength ? view : view.slice();
}

/** One end of a comm; the front end has the other. */
export class Comm {
  readonly #handlers = new Set<(message: CommMessage) => void>();
  readonly #closing = new Set<(message: CommMessage) => void>();
  closed = false;

  constructor(
    readonly id: string,
    readonly target: string,
    private readonly bind: Bind,
    private readonly post: (type: string, data: Json, extras?: CommExtras) => void,
  ) {}

  /** Sends to the front end; throws when the comm is closed. */
  send(data: Json = {}, extras: CommExtras = {}): void {
    if (this.closed)
      throw new Error(
        `comm ${this.id} to "${this.target}" must be open to send, got a closed one; open another`,
      );
    this.post("comm_msg", data, extras);
  }

  /** Calls the handler for each message of the front end, until the returned function is called. */
  on(handler: (message: CommMessage) => unknown): () => void {
    return added(this.#handlers, this.bind(handler));
  }

  /** Calls the handler when the front end closes the comm. */
  onClose(handler: (message: CommMessage) => unknown): () => void {
    return added(this.#closing, this.bind(handler));
  }

  close(data: Json = {}): void {
    if (this.closed) return;
    this.closed = true;
    this.post("comm_close", data);
  }

  /** Hands on a message of the front end. */
  receive(message: CommMessage, closes: boolean): void {
    if (closes) this.closed = true;
    for (const handler of closes ? this.#closing : this.#handlers) handler(message);
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}

const requireTarget = (target: unknown): void => {
  if (typeof target !== "string" || target === "")
    throw new TypeError(
      `a comm's target must be a name that the other end has registered, got ${String(target)}; pass a string`,
    );
};

/** Comms of this kernel, opened from either end. */
export class Comms {
  readonly #open = new Map<string, Comm>();
  readonly #targets = new Map<string, Target>();
  /** Header of the message that is being handled: what is sent meanwhile answers it. */
  #handling: Header | undefined;

  constructor(
    private readonly publish: Publish,
    private readonly bind: Bind,
  ) {}

  open(target: string, data: Json = {}, extras: CommExtras & { id?: string } = {}): Comm {
    requireTarget(target);
    const comm = this.#make(extras.id ?? randomUUID(), target);
    this.#post(comm, "comm_open", data, extras);
    return comm;
  }

  /**
   * Calls back for each comm that the front end opens to the target, until the returned function is
   * called.
   */
  register(target: string, opened: Target): () => void {
    requireTarget(target);
    const bound = this.bind(opened);
    this.#targets.set(target, bound);
    return () => {
      if (this.#targets.get(target) === bound) this.#targets.delete(target);
    };
  }

  /** Content of a `comm_info_reply`, for one target or all. */
  info(target?: unknown): Record<string, { target_name: string }> {
    const comms = [...this.#open.values()].filter(
      (comm) => typeof target !== "string" || target === "" || comm.target === target,
    );
    return Object.fromEntries(comms.map((comm) => [comm.id, { target_name: comm.target }]));
  }

  /** Handles a message of a comm; one that is opened to an unknown target is closed. */
  receive({ header, content, metadata, buffers }: Request): void {
    const { comm_id, target_name, data: given } = content;
    if (typeof comm_id !== "string") return;
    const data = typeof given === "object" && given !== null ? (given as Json) : {};
    const message = { data, metadata, buffers };
    this.#handling = header;
    try {
      if (header.msg_type === "comm_open") {
        const opened = this.#targets.get(String(target_name));
        if (opened) opened(this.#make(comm_id, String(target_name)), data, message);
        else this.publish("comm_close", header, { comm_id, data: {} });
        return;
      }
      const closes = header.msg_type === "comm_close";
      const comm = this.#open.get(comm_id);
      if (closes) this.#open.delete(comm_id);
      if (closes || header.msg_type === "comm_msg") comm?.receive(message, closes);
    } finally {
      this.#handling = undefined;
    }
  }

  #make(id: string, target: string): Comm {
    const comm: Comm = new Comm(id, target, this.bind, (type, data, extras) =>
      this.#post(comm, type, data, extras),
    );
    this.#open.set(id, comm);
    return comm;
  }

  #post(comm: Comm, type: string, data: Json, extras: CommExtras = {}): void {
    const { metadata = {}, buffers = [] } = extras;
    if (type === "comm_close") this.#open.delete(comm.id);
    const content: Json = { comm_id: comm.id, data };
    if (type === "comm_open") content.target_name = comm.target;
    this.publish(type, this.#handling, content, { metadata, buffers: buffers.map(bytes) });
  }
}
