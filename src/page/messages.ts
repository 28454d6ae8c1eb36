/**
 * Messages between the page and the worker. Every one of the worker's carries the key that the page
 * gave it.
 */

/** A failed cell as the kernel describes it. */
export interface CellFailure {
  ename: string;
  evalue: string;
  traceback: string[];
  /** True where the cells below run all the same. */
  alone: boolean;
}

export interface StartMessage {
  kind: "start";
  key: string;
  wasm: Uint8Array;
  /** Paths of the files that cells may read; each is asked for when it is first opened. */
  files: string[];
  /** Most examples to give of the training set, where memory is small. */
  mostExamples?: number;
}

export type ToWorker =
  | StartMessage
  | { kind: "run"; cell: number; source: string }
  | { kind: "stop" }
  | { kind: "file"; name: string; bytes?: Uint8Array; error?: string };

export type Bundle = Record<string, unknown>;

/** Outputs of a cell, in order. */
export type Shown =
  | { kind: "stream"; name: "stdout" | "stderr"; text: string }
  | { kind: "display"; bundle: Bundle; id?: string; update: boolean; result: boolean }
  | { kind: "clear"; wait: boolean }
  | ({ kind: "error" } & CellFailure);

export type FromWorker = { key: string } & (
  | { kind: "ready" }
  | { kind: "broken"; reason: string }
  | { kind: "shown"; cell: number; output: Shown }
  | { kind: "done"; cell: number; ok: boolean; alone: boolean; stopped: boolean; ms: number }
  | { kind: "stopping"; cell: number }
  | { kind: "need"; name: string }
);
