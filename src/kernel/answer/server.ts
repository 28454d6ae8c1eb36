import { setTimeout as sleep } from "node:timers/promises";
import { checkOf } from "../convert/check";
import { saveCompiled } from "../convert/compile-cache";
import { Cell } from "../run/cell";
import { within } from "../run/context";
import type { Evaluator } from "../run/evaluator";
import { ENDS_ITS_CELL_ALONE, runtimeFailure } from "../run/failure";
import { collectGarbage, collectGrown } from "../run/garbage";
import type { Outgoing } from "../wire/channel";
import { Flag } from "../wire/flags";
import type { Extras, Header, Json, Request } from "../wire/wire";
import { complete, inspect, isComplete } from "./assist";
import { type Bundle, bundleOf, type Formatter, wireBundle } from "./bundle";
import { Comms } from "./comms";
import { History } from "./history";
import { OutputLimiter } from "./limiter";
import { Notebook } from "./notebook";

const DRAIN_MS = 10;

export interface PublishOptions {
  display_id?: string;
  update?: boolean;
  metadata?: object;
}

/** Answers the requests that need the evaluator, executes strictly in turn. */
export class Server {
  readonly formatters: Formatter[] = [];
  /** Beginnings of lines that no limit of output leaves out. */
  readonly alwaysShown = new Set<string>();
  readonly comms = new Comms(
    (type, parent, content, extras) =>
      this.#publish(type, parent ?? this.evaluator.owner?.options.parent, content, extras),
    (handler) => this.bind(handler),
  );
  /** Called when the code of a cell has ended. */
  onCellEnd: () => void = () => {};
  readonly #history = new History();
  readonly #limiters = new WeakMap<Cell, OutputLimiter>();
  readonly #notebook = new Notebook(process.cwd());
  #queue: Promise<void> = Promise.resolve();
  #count = 0;
  #serial = 0;
  /** Declarations that the socket thread has. */
  #declarations: readonly string[] | undefined;
  #abortUpTo = 0;

  constructor(
    private readonly evaluator: Evaluator,
    private readonly flags: Int32Array,
    private readonly send: (message: Outgoing) => void,
  ) {}

  receive(request: Request, arrival: number): void {
    const { msg_type: type } = request.header;
    if (type === "execute_request") {
      const executed = this.#queue.then(() =>
        this.#attended(request, () => this.#execute(request, arrival)),
      );
      this.#queue = executed.catch((error) => this.asynchronousError(error));
      return;
    }
    void this.#attended(request, () => this.#answer(request));
  }

  /** Text that the running code wrote to stdout or stderr. */
  write(name: "stdout" | "stderr", text: string): void {
    const cell = this.evaluator.owner;
    if (!cell || cell.options.silent || text === "") return;
    const shown = this.#limiter(cell).text(text);
    if (shown) this.send({ kind: "stream", parent: cell.options.parent, name, text: shown });
  }

  publish(bundle: Bundle, { display_id, update, metadata = {} }: PublishOptions = {}): void {
    if (update && display_id === undefined)
      throw new TypeError(
        "an update must name the display it replaces, got none; give { display_id }",
      );
    const cell = this.evaluator.owner;
    if (!cell || cell.options.silent) return;
    const transient = display_id === undefined ? {} : { display_id };
    const content = JSON.stringify({ data: wireBundle(bundle), metadata, transient });
    if (!this.#limiter(cell).bundle(content.length)) return;
    const type = update ? "update_display_data" : "display_data";
    this.send({ kind: "iopub", type, parent: cell.options.parent, content });
  }

  clear(wait = false): void {
    const cell = this.evaluator.owner;
    if (cell && !cell.options.silent) this.#publish("clear_output", cell.options.parent, { wait });
  }

  /**
   * An error that no promise of the cell carries: it fails the cell that runs, else it is shown
   * under the cell it came from.
   */
  asynchronousError(error: unknown, cell = this.evaluator.owner): void {
    if (!cell || cell.interrupted) return;
    if (!cell.ended) cell.fail(error);
    else if (!cell.options.silent)
      this.#publish("error", cell.options.parent, { ...this.evaluator.failureOf(error) });
  }

  #limiter(cell: Cell): OutputLimiter {
    let limiter = this.#limiters.get(cell);
    if (!limiter) {
      limiter = new OutputLimiter(this.alwaysShown);
      this.#limiters.set(cell, limiter);
    }
    return limiter;
  }

  /**
   * The function in the context of the cell that runs now, whose errors are shown under that cell.
   */
  bind<A extends unknown[]>(handler: (...args: A) => unknown): (...args: A) => void {
    const cell = this.evaluator.owner;
    const fail = (error: unknown): void => this.asynchronousError(error, cell);
    const call = async (...args: A): Promise<void> => {
      await (cell ? within(cell, () => handler(...args)) : handler(...args));
    };
    return (...args) => void call(...args).catch(fail);
  }

  /**
   * True where the running code may ask for input: a person is there who can also move a control.
   */
  get interactive(): boolean {
    return this.evaluator.owner?.options.asks !== undefined;
  }

  #publish(type: string, parent: Header | undefined, content: Json, extras: Extras = {}): void {
    this.send({ kind: "iopub", type, parent, content: JSON.stringify(content), ...extras });
  }

  #reply(request: Request, type: string, content: Json): void {
    const { identities, header: parent } = request;
    const text = JSON.stringify(content);
    // Before the reply: an interrupt that comes behind it is meant for the next cell.
    if (type === "execute_reply") Atomics.add(this.flags, Flag.Answered, 1);
    this.send({ kind: "shell", type, parent, identities, content: text });
  }

  /** Busy before, idle after, and an error reply when the kernel itself fails. */
  async #attended(request: Request, answer: () => Promise<void> | void): Promise<void> {
    const { header } = request;
    this.#publish("status", header, { execution_state: "busy" });
    try {
      await answer();
    } catch (error) {
      const type = header.msg_type.replace(/_request$/, "_reply");
      this.#reply(request, type, { status: "error", ...runtimeFailure(error, new Map()) });
    } finally {
      this.#publish("status", header, { execution_state: "idle" });
      const { current } = this.evaluator;
      if (!current) {
        saveCompiled();
        if (this.evaluator.converter.recycle()) collectGarbage();
        collectGrown();
      }
      if (current) this.#publish("status", current.options.parent, { execution_state: "busy" });
    }
  }

  #answer(request: Request): void {
    const { content, header } = request;
    const code = typeof content.code === "string" ? content.code : "";
    const position = typeof content.cursor_pos === "number" ? content.cursor_pos : [...code].length;
    const { converter } = this.evaluator;
    const answers: Record<string, () => Json> = {
      complete_request: () => complete(converter, code, position),
      inspect_request: () => inspect(converter, code, position),
      is_complete_request: () => isComplete(converter.ts, code),
      history_request: () => ({ status: "ok", history: this.#history.answer(content) }),
      comm_info_request: () => ({ status: "ok", comms: this.comms.info(content.target_name) }),
    };
    const answer = Object.hasOwn(answers, header.msg_type) ? answers[header.msg_type] : undefined;
    if (answer) this.#reply(request, header.msg_type.replace(/_request$/, "_reply"), answer());
    else this.comms.receive(request);
  }

  async #execute(request: Request, arrival: number): Promise<void> {
    const { content, header, metadata } = request;
    const { code } = content;
    if (typeof code !== "string")
      throw new TypeError(`execute_request needs code as text, got ${typeof code}`);
    const silent = content.silent === true;
    const reply = (rest: Json): void =>
      this.#reply(request, "execute_reply", {
        execution_count: this.#count,
        user_expressions: {},
        payload: [],
        ...rest,
      });
    // without a count, which would be shown beside the cell
    if (arrival <= this.#abortUpTo)
      return this.#reply(request, "execute_reply", { status: "aborted" });
    if (!silent && content.store_history !== false) this.#history.add(++this.#count, code);
    const count = this.#count;
    const check = checkOf(code, metadata, silent ? undefined : this.#notebook.metadata(code));
    const asks = !silent && content.allow_stdin === true ? request.identities : undefined;
    const options = { count, parent: header, silent, check, asks, request: arrival };
    const cell = new Cell(++this.#serial, code, options);
    if (!silent) this.#publish("execute_input", header, { code, execution_count: count });
    const running = (parent?: Header) => {
      const { declarations } = this.evaluator.converter;
      const changed = declarations !== this.#declarations;
      this.#declarations = declarations;
      this.send({ kind: "running", parent, declarations: changed ? declarations : undefined });
    };
    running(header);
    const failure = await this.evaluator.run(cell, async (value) => {
      if (silent) return;
      const data = wireBundle(await bundleOf(value, this.formatters));
      if (!cell.stopped && Object.keys(data).length > 0)
        this.#publish("execute_result", header, { data, metadata: {}, execution_count: count });
    });
    running(); // before the reply: what is asked behind it knows the cell's names
    this.onCellEnd();
    this.#note(cell);
    if (!failure)
      return reply({ status: "ok", user_expressions: await this.#expressions(content, request) });
    if (!silent) this.#publish("error", header, { ...failure });
    if (content.stop_on_error !== false && !failure[ENDS_ITS_CELL_ALONE]) {
      await sleep(DRAIN_MS);
      this.#abortUpTo = Atomics.load(this.flags, Flag.Received);
    }
    reply({ status: "error", ...failure });
  }

  #note(cell: Cell): void {
    const note = this.#limiters.get(cell)?.note();
    if (note)
      this.send({ kind: "stream", parent: cell.options.parent, name: "stderr", text: note });
  }

  /** Each user expression run as a silent cell of its own. */
  async #expressions(content: Json, request: Request): Promise<Json> {
    const { user_expressions: asked } = content;
    const values: Json = {};
    if (typeof asked !== "object" || asked === null) return values;
    const parent = request.header;
    const options = { count: this.#count, parent, silent: true, check: "off" } as const;
    for (const [name, code] of Object.entries(asked)) {
      const cell = new Cell(++this.#serial, String(code), options);
      let data: Bundle = { "text/plain": "undefined" };
      const failure = await this.evaluator.run(cell, async (value) => {
        data = wireBundle(await bundleOf(value, this.formatters));
      });
      values[name] = failure
        ? { status: "error", ...failure }
        : { status: "ok", data, metadata: {} };
    }
    return values;
  }
}
