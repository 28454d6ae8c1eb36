import type { Check } from "../convert/check";
import type { Diagnostic } from "../convert/tslab";
import type { Header } from "../wire/wire";

/** The name of the error that ends an interrupted cell. */
export class Interrupted extends Error {
  override name = "KeyboardInterrupt";
  constructor() {
    super("the cell was interrupted");
  }
}

/** One execution of one cell. */
export class Cell {
  readonly controller = new AbortController();
  readonly name: string;
  /** Set when the cell failed or was interrupted: its remaining callbacks must not run. */
  stopped = false;
  interrupted = false;
  ended = false;
  diagnostics: Diagnostic[] | undefined;
  thrown: { error: unknown } | undefined;
  result: { value: unknown } | undefined;
  /** Timers of this cell that have neither fired nor been cleared, with the time they are due. */
  readonly timers = new Map<object, number>();
  /** Lines that the cell has asked the front end for and waits for. */
  readonly pendingInputs = new Set<Promise<unknown>>();
  /** Rejects when something outside the cell's own promise fails it. */
  readonly failure: Promise<never>;
  #fail!: (reason: unknown) => void;

  constructor(
    readonly serial: number,
    readonly code: string,
    readonly options: {
      count: number;
      parent: Header;
      silent: boolean;
      check: Check | undefined;
      /** Number of the execute request; undefined for a user expression. */
      request?: number;
      /** Identities of the front end that may be asked for input; undefined where none may. */
      asks?: Uint8Array[] | undefined;
    },
  ) {
    this.name = options.silent ? `silent[${serial}]` : `cell[${options.count}]`;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => {});
  }

  /** Ends the cell with this reason, unless it has ended. */
  fail(reason: unknown): void {
    this.stopped = true;
    this.#fail(reason);
  }
}
