import type { Comm, CommMessage, Comms } from "../answer/comms";

type Json = Record<string, unknown>;
type Path = (string | number)[];

/**
 * The parts of the kernel's hook that widgets use; absent outside of a notebook and in other
 * kernels.
 */
interface Hook {
  comms?: Comms;
  publish?(bundle: Json, options?: { display_id?: string; update?: boolean }): void;
  bind?<A extends unknown[]>(handler: (...args: A) => unknown): (...args: A) => void;
  interactive?: boolean;
}

/** Names the method by which a value is shown as the last expression of a cell. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display");

export const hook = (): Hook => Reflect.get(globalThis, Symbol.for("jupyter.kernel")) ?? {};

/** Fallback text of a widget without a front end: in an exported page and in a terminal. */
export interface Fallback {
  html: string;
  text: string;
}

const SETTLED_MS = 500;
const VIEW = "application/vnd.jupyter.widget-view+json";
const CONTROL_TARGET = "jupyter.widget.control";

export const escapeHtml = (text: unknown): string =>
  String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const isContainer = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !ArrayBuffer.isView(value);

/** The value without its binary parts, which are added to `buffers` with their paths. */
function withoutBuffers(
  value: unknown,
  path: Path,
  paths: Path[],
  buffers: ArrayBuffer[],
): unknown {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    paths.push(path);
    buffers.push(value as ArrayBuffer);
    return undefined;
  }
  const inner = (item: unknown, key: string | number): unknown =>
    withoutBuffers(item, [...path, key], paths, buffers);
  if (Array.isArray(value)) return value.map(inner);
  if (!isContainer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item, key)]));
}

/** Puts binary parts back to where they were taken from. */
function putBuffers(state: Json, paths: unknown, buffers: readonly Uint8Array[]): void {
  if (!Array.isArray(paths)) return;
  for (const [i, path] of (paths as Path[]).entries()) {
    const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Json)?.[key], state);
    const key = path.at(-1);
    if (isContainer(parent) && key !== undefined && key !== "__proto__") parent[key] = buffers[i];
  }
}

const models = new Map<string, Widget<object>>();

/** Answers a front end that was loaded after the widgets had been made, in one message. */
function answerStates(comms: Comms): void {
  comms.register(CONTROL_TARGET, (comm) =>
    comm.on(({ data }) => {
      if (data.method !== "request_states") return;
      const paths: Path[] = [];
      const buffers: ArrayBuffer[] = [];
      const states = Object.fromEntries([...models].map(([id, widget]) => [id, widget.model()]));
      const sent = withoutBuffers(states, [], paths, buffers);
      comm.send({ method: "update_states", states: sent, buffer_paths: paths }, { buffers });
    }),
  );
}

/**
 * The kernel's end of a widget: state that is the same on both sides, messages, and any number of
 * views.
 *
 * `core` names the model and the view of the front end, as ipywidgets does. Without a kernel that
 * has comms the state stays here.
 */
export class Widget<State extends object> {
  readonly #comm: Comm | undefined;
  readonly #state: State;
  readonly #changed = new Set<(names: (keyof State)[]) => void>();
  readonly #messages = new Set<(content: Json, buffers: Uint8Array[]) => void>();
  readonly #displays: string[] = [];
  #shown = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly core: Json,
    state: State,
    private readonly fallback: (state: State) => Fallback,
  ) {
    this.#state = { ...state };
    const { comms } = hook();
    if (!comms) return;
    if (models.size === 0) answerStates(comms);
    const { state: sent, ...rest } = this.#packed({ ...core, ...state });
    this.#comm = comms.open(
      "jupyter.widget",
      { state: sent, buffer_paths: rest.buffer_paths },
      {
        metadata: { version: "2.1.0" },
        buffers: rest.buffers,
      },
    );
    models.set(this.#comm.id, this as unknown as Widget<object>);
    this.#comm.on((message) => this.#receive(message));
    this.#comm.onClose(() => this.#forget());
  }

  /** Identifies the model in the front end; undefined without a kernel. */
  get id(): string | undefined {
    return this.#comm?.id;
  }

  get<K extends keyof State>(name: K): State[K] {
    return this.#state[name];
  }

  /** The state as it is now. */
  get state(): Readonly<State> {
    return this.#state;
  }

  /** Sets part of the state, here and in every view. */
  set(part: Partial<State>): void {
    const { state, buffer_paths, buffers } = this.#packed(part);
    if (this.#comm && !this.#comm.closed)
      this.#comm.send({ method: "update", state, buffer_paths }, { buffers });
    this.#take(part);
    this.renew();
  }

  /**
   * Calls the handler with the value each time it changes, until the returned function is called.
   */
  on<K extends keyof State>(name: K, handler: (value: State[K]) => unknown): () => void {
    const bound = bind(handler);
    const changed = (names: (keyof State)[]): void => {
      if (names.includes(name)) bound(this.#state[name]);
    };
    this.#changed.add(changed);
    return () => void this.#changed.delete(changed);
  }

  /** Sends a message to every view: `model.on("msg:custom", …)` there. */
  send(content: Json, buffers: readonly (ArrayBufferView | ArrayBuffer)[] = []): void {
    this.#comm?.send({ method: "custom", content }, { buffers });
  }

  /** Calls the handler for each `model.send(content, callbacks, buffers)` of a view. */
  onMessage(handler: (content: Json, buffers: Uint8Array[]) => unknown): () => void {
    const bound = bind(handler);
    this.#messages.add(bound);
    return () => void this.#messages.delete(bound);
  }

  /** Shows one more view. */
  show(): this {
    const display_id = `widget-${Math.random().toString(36).slice(2)}`;
    this.#displays.push(display_id);
    const bundle = this.toBundle();
    this.#shown = String(bundle["text/html"]);
    hook().publish?.(bundle, { display_id });
    return this;
  }

  /** Calls `refresh`, once for many changes where somebody may be using a view. */
  renew(): void {
    clearTimeout(this.#timer);
    if (hook().interactive) this.#timer = setTimeout(() => this.refresh(), SETTLED_MS);
    else this.refresh();
  }

  /** Brings what an exported page will show up to date; each view is drawn anew. */
  refresh(): void {
    const bundle = this.toBundle();
    if (this.#shown === bundle["text/html"]) return;
    this.#shown = String(bundle["text/html"]);
    for (const display_id of this.#displays) hook().publish?.(bundle, { display_id, update: true });
  }

  /** Removes every view. */
  close(): void {
    this.#comm?.close();
    this.#forget();
  }

  /** MIME types of a view: the live one and its fallback. */
  toBundle(): Json {
    const { html, text } = this.fallback(this.#state);
    const fallback = { "text/html": html, "text/plain": text };
    if (!this.id) return fallback;
    return { [VIEW]: { version_major: 2, version_minor: 0, model_id: this.id }, ...fallback };
  }

  /** The model, for a front end that requests all states. */
  model(): Json {
    const { _model_name, _model_module, _model_module_version } = this.core;
    const state = { ...this.core, ...this.#state };
    return {
      model_name: _model_name,
      model_module: _model_module,
      model_module_version: _model_module_version,
      state,
    };
  }

  [DISPLAY](): Json {
    if (!hook().publish) return this.toBundle();
    this.show();
    return {};
  }

  #packed(state: object): { state: unknown; buffer_paths: Path[]; buffers: ArrayBuffer[] } {
    const buffer_paths: Path[] = [];
    const buffers: ArrayBuffer[] = [];
    return { state: withoutBuffers(state, [], buffer_paths, buffers), buffer_paths, buffers };
  }

  #receive({ data, buffers }: CommMessage): void {
    const { method, content, state } = data;
    if (method === "custom" && isContainer(content))
      for (const handler of this.#messages) handler(content, buffers);
    if (method === "request_state") {
      const { buffers: parts, ...rest } = this.#packed({ ...this.core, ...this.#state });
      this.#comm!.send({ method: "update", ...rest }, { buffers: parts });
    }
    if (method !== "update" || !isContainer(state)) return;
    // Other front ends of the same kernel learn of it by the echo.
    this.#comm!.send({ ...data, method: "echo_update" }, { buffers });
    putBuffers(state, data.buffer_paths, buffers);
    this.#take(state as Partial<State>);
  }

  /** Sets values of known names; notifies about those that differ. */
  #take(part: Partial<State>): void {
    const names = (Object.keys(part) as (keyof State)[]).filter(
      (name) => Object.hasOwn(this.#state, name) && !Object.is(this.#state[name], part[name]),
    );
    for (const name of names) this.#state[name] = part[name]!;
    if (names.length > 0) for (const changed of this.#changed) changed(names);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    if (this.id) models.delete(this.id);
  }
}

/** The handler in the context of the cell that gives it, where the kernel keeps one. */
export function bind<A extends unknown[]>(handler: (...args: A) => unknown): (...args: A) => void {
  return hook().bind?.(handler) ?? handler;
}

/** A front-end module with its state, see https://anywidget.dev/en/afm. */
export interface Module<State extends object> {
  /** Source or URL of an ECMAScript module that exports `default { render({ model, el }) }`. */
  esm: string;
  /** Style sheet or its URL. */
  css?: string;
  /** Initial state; bytes and typed arrays travel as binary buffers. */
  state: State;
  /** HTML of the state for an exported page; by default the state as JSON. */
  fallback?: (state: State) => string;
}

const digest = (text: string): number =>
  [...text].reduce((hash, character) => (33 * hash + character.charCodeAt(0)) | 0, 5381) >>> 0;

const asJson = (state: object): string =>
  JSON.stringify(state, (_, value) =>
    ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : value,
  );

/** Names a module that anywidget's own view draws. */
export const moduleCore = (esm: string, css: string): Json => ({
  _model_module: "anywidget",
  _model_name: "AnyModel",
  _model_module_version: "~0.11.*",
  _view_module: "anywidget",
  _view_name: "AnyView",
  _view_module_version: "~0.11.*",
  _view_count: null,
  _esm: esm,
  _css: css,
  _anywidget_id: `jupyter-typescript.${digest(css)}`,
});

/** A widget whose views are drawn by an anywidget module. */
export function anywidget<State extends object>(module: Module<State>): Widget<State> {
  const { esm, css = "", state, fallback } = module;
  return new Widget<State>(moduleCore(esm, css), state, (now) => ({
    html: fallback?.(now) ?? `<pre>${escapeHtml(asJson(now).slice(0, 2000))}</pre>`,
    text: `widget ${asJson(now).slice(0, 200)}`,
  }));
}
