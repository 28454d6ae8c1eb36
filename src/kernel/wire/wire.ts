import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { wellFormedJson } from "./well-formed";

/** The connection file that Jupyter hands to a kernel. */
export interface Connection {
  transport: string;
  ip: string;
  key: string;
  signature_scheme: string;
  shell_port: number;
  iopub_port: number;
  control_port: number;
  stdin_port: number;
  hb_port: number;
}

/** Address of one of the connection's ports: `tcp://ip:port`, `ipc://path-port`. */
export const address = ({ transport, ip }: Connection, port: number): string =>
  `${transport}://${ip}${transport === "ipc" ? "-" : ":"}${port}`;

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export type Json = Record<string, unknown>;

/** A verified request. */
export interface Request {
  identities: Uint8Array[];
  header: Header;
  parent: Partial<Header>;
  metadata: Json;
  content: Json;
  buffers: Uint8Array[];
}

/** Binary parts of a message and its metadata. */
export interface Extras {
  metadata?: Json;
  buffers?: readonly Uint8Array[];
}

const DELIMITER = Buffer.from("<IDS|MSG>");
const MAX_DEPTH = 1_000;
const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] =
  Buffer.from('"\\[]{}');
const REMEMBERED_SIGNATURES = 65_536;

/** The version of Jupyter's messaging protocol that the kernel speaks. */
export const PROTOCOL_VERSION = "5.3";
/** Names this process: clients see by it that a kernel was restarted. */
const SESSION = randomUUID();

/**
 * Signs and verifies messages with the connection's key; an empty key turns signing off, as the
 * protocol says.
 */
export class Signer {
  readonly #algorithm: string;
  readonly #seen = new Set<string>();

  constructor(
    private readonly key: string,
    scheme = "hmac-sha256",
  ) {
    this.#algorithm = scheme.replace(/^hmac-/, "");
  }

  sign(parts: readonly (Uint8Array | string)[]): string {
    if (!this.key) return "";
    const hmac = createHmac(this.#algorithm, this.key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }

  /**
   * True once for each valid signature: compared in constant time, refused when it was seen before.
   */
  accepts(signature: Uint8Array, parts: readonly Uint8Array[]): boolean {
    if (!this.key) return true;
    const expected = Buffer.from(this.sign(parts));
    if (expected.length !== signature.length || !timingSafeEqual(expected, signature)) return false;
    const digest = expected.toString("latin1");
    if (this.#seen.has(digest)) return false;
    this.#seen.add(digest);
    if (this.#seen.size > REMEMBERED_SIGNATURES) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest!);
    }
    return true;
  }
}

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * True for JSON whose brackets outside of strings are nested too deeply to be cloned between
 * threads.
 */
function isTooDeep(json: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (++depth > MAX_DEPTH) return true;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--;
  }
  return false;
}

/** The request in the frames, or undefined when it is unsigned, replayed or malformed. */
export function open(signer: Signer, frames: readonly Uint8Array[]): Request | undefined {
  const at = frames.findIndex((frame) => DELIMITER.equals(frame));
  const signature = frames[at + 1];
  const parts = frames.slice(at + 2, at + 6);
  if (at < 0 || !signature || parts.length < 4 || !signer.accepts(signature, parts))
    return undefined;
  try {
    if (parts.some(isTooDeep)) return undefined;
    const [header, parent, metadata, content] = parts.map((part): unknown =>
      JSON.parse(Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString("utf8")),
    );
    if (!isRecord(header) || !isRecord(parent) || !isRecord(metadata) || !isRecord(content))
      return undefined;
    if (typeof header.msg_type !== "string" || typeof header.msg_id !== "string") return undefined;
    return {
      identities: frames.slice(0, at),
      header: header as unknown as Header,
      parent,
      metadata,
      content,
      buffers: frames.slice(at + 6),
    };
  } catch {
    return undefined;
  }
}

/** The frames of a message of the kernel; `content` is JSON text already. */
export function seal(
  signer: Signer,
  message: Extras & {
    id?: string;
    identities?: readonly Uint8Array[];
    type: string;
    parent?: Header;
    content: string;
  },
): (Uint8Array | string)[] {
  const header: Header = {
    msg_id: message.id ?? randomUUID(),
    msg_type: message.type,
    session: SESSION,
    username: "kernel",
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
  const parts = [
    JSON.stringify(header),
    JSON.stringify(message.parent ?? {}),
    JSON.stringify(message.metadata ?? {}),
    message.content,
  ].map(wellFormedJson);
  const { identities = [], buffers = [] } = message;
  return [...identities, DELIMITER, signer.sign(parts), ...parts, ...buffers];
}
