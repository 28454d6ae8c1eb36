import type { DebugProtocol } from "@vscode/debugprotocol";
import { CELL_PATHS } from "./cell-path";
import type { Json } from "./wire";

/** From the socket thread to the debugger's. */
export type ToDebugger =
  | { kind: "request"; id: number; content: Json }
  /** Resume, so that the running cell can be interrupted. */
  | { kind: "release" }
  /** Every interrupt has ended: pauses hold again. */
  | { kind: "interrupts ended" }
  | { kind: "close" };

/** From the debugger's thread to the socket thread. */
export type FromDebugger =
  | { kind: "response"; id: number; content: DebugProtocol.Response }
  | { kind: "event"; content: DebugProtocol.Event }
  | { kind: "released" }
  | { kind: "closed" };

/** Breakpoints of one source, as `debugInfo` lists them. */
export interface SourceBreakpoints {
  source: string;
  breakpoints: DebugProtocol.SourceBreakpoint[];
}

/** Body of the reply to `debugInfo`, by which a client finds out what it can do. */
export const debugInfo = (
  isStarted: boolean,
  breakpoints: SourceBreakpoints[] = [],
  stoppedThreads: number[] = [],
) => ({
  isStarted,
  ...CELL_PATHS,
  breakpoints,
  stoppedThreads,
  richRendering: true,
  exceptionPaths: [],
  copyToGlobals: true,
});

/** A response to a request as it came, which may lack what the protocol asks for. */
export const response = (
  seq: number,
  request: Json,
  result: { body?: unknown; message?: string },
): DebugProtocol.Response => ({
  seq,
  type: "response",
  request_seq: typeof request.seq === "number" ? request.seq : 0,
  success: result.message === undefined,
  command: String(request.command),
  ...result,
});
