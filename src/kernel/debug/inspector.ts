import { type Debugger, type Runtime, Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";

/** Code that the debugger calls on the main thread; see `inspection.ts`. */
const INSPECTION = "__tslab__.inspection";
const IS_THERE = 'typeof __tslab__ === "object" && "inspection" in __tslab__';
const POLL_MS = 20;

interface Evaluated {
  result: { value?: unknown };
  exceptionDetails?: { exception?: { description?: string }; text: string };
}

/** A session of V8's inspector with the main thread, usable while that thread is paused or busy. */
export class Inspector {
  readonly #session = new Session();
  /** Resolves once the main thread has loaded the kernel: requests may come before. */
  readonly ready: Promise<void>;

  constructor() {
    (this.#session as Session & { connectToMainThread(): void }).connectToMainThread();
    this.ready = this.#untilReady();
    this.ready.catch(() => {}); // the session was closed before
  }

  async #untilReady(): Promise<void> {
    while (!(await this.post<Evaluated>("Runtime.evaluate", { expression: IS_THERE })).result.value)
      await sleep(POLL_MS);
  }

  post<T = unknown>(method: string, parameters: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, parameters, (error, result) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result as T),
      );
    });
  }

  on<T>(event: string, handler: (parameters: T) => void): void {
    this.#session.on(event as "inspectorNotification", ({ params }) => handler(params as T));
  }

  /** Value of an expression, in a frame where the main thread is paused, else in the global scope. */
  async evaluate<T>(expression: string, frame?: Debugger.CallFrame): Promise<T> {
    await this.ready;
    const { result, exceptionDetails } = await this.post<Evaluated>(
      frame ? "Debugger.evaluateOnCallFrame" : "Runtime.evaluate",
      { expression, returnByValue: true, ...(frame && { callFrameId: frame.callFrameId }) },
    );
    if (exceptionDetails) throw new Error(firstLine(exceptionDetails));
    return result.value as T;
  }

  /** Calls a method of the inspection code with arguments that JSON can carry. */
  call<T>(method: string, ...values: unknown[]): Promise<T> {
    return this.evaluate(`${INSPECTION}.${method}(${values.map(toCode).join(", ")})`);
  }

  /** Calls a method of the inspection code with objects of the main thread. */
  async callOn<T>(
    method: string,
    values: readonly Runtime.CallArgument[],
    objectId: string,
  ): Promise<T> {
    const { result, exceptionDetails } = await this.post<Evaluated>("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: `function (...values) { return ${INSPECTION}.${method}(...values); }`,
      arguments: values,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(firstLine(exceptionDetails));
    return result.value as T;
  }

  /** The process hangs when it exits with a session open. */
  disconnect(): void {
    this.#session.disconnect();
  }
}

const toCode = (value: unknown): string => JSON.stringify(value) ?? "undefined";

const firstLine = ({ exception, text }: NonNullable<Evaluated["exceptionDetails"]>): string =>
  (exception?.description ?? text).split("\n", 1)[0]!.replace(/^Error: /, "");
