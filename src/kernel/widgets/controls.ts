import { type Change, Observable } from "./observable";
import { css, esm } from "./view";
import { DISPLAY, escapeHtml, type Fallback, moduleCore, Widget } from "./widget";

interface View {
  readonly id: string | undefined;
  show(): unknown;
  refresh(): void;
  close(): void;
  toBundle(): Record<string, unknown>;
  [DISPLAY](): Record<string, unknown>;
}

/** A value with a widget that shows it. */
export abstract class Shown<T> extends Observable<T> {
  protected abstract readonly view: View;
  /** HTML and text of the value, for an exported page. */
  abstract readonly fallback: Fallback;
  #shown = false;

  get id(): string | undefined {
    return this.view.id;
  }

  show(): this {
    this.markShown();
    this.view.show();
    return this;
  }

  /** Counts as shown from now on, as a control in a row is. */
  markShown(): void {
    this.#shown = true;
  }

  /** Removes every view. */
  close(): void {
    this.view.close();
  }

  toBundle(): Record<string, unknown> {
    this.markShown();
    return this.view.toBundle();
  }

  [DISPLAY](): Record<string, unknown> {
    this.markShown();
    return this.view[DISPLAY]();
  }

  protected override reveal(): void {
    if (!this.#shown) this.show();
  }
}

interface ControlState {
  kind: "slider" | "select" | "checkbox" | "text" | "button";
  label: string;
  value: unknown;
  min?: number;
  max?: number;
  step?: number;
  options?: readonly unknown[];
  placeholder?: string;
}

/** Markup of a control that nobody can move any more, with its last value. */
function fallbackOf({ kind, label, value, min, max, step, options = [] }: ControlState): Fallback {
  const name = escapeHtml(label);
  const now = escapeHtml(value);
  const inputs = {
    slider: `<input type="range" min="${min}" max="${max}" step="${step}" value="${now}" disabled> <output>${now}</output>`,
    select: `<select disabled>${options.map((each) => `<option${each === value ? " selected" : ""}>${escapeHtml(each)}</option>`).join("")}</select>`,
    checkbox: `<input type="checkbox"${value ? " checked" : ""} disabled>`,
    text: `<input type="text" value="${now}" disabled>`,
    button: `<button type="button" disabled>${name}</button>`,
  };
  return {
    html: kind === "button" ? inputs.button : `<label>${name} ${inputs[kind]}</label>`,
    text: kind === "button" ? `[${label}]` : `${label} = ${value}`,
  };
}

/** A form element whose value the reader and the program set. */
export class Control<T> extends Shown<T> {
  protected readonly view: Widget<ControlState & { committed: number; left: number }>;
  readonly #subscribers = new Set<(change: Change) => void>();

  constructor(state: ControlState) {
    super();
    const counted = { ...state, committed: 0, left: 0 };
    this.view = new Widget(moduleCore(esm, css), counted, fallbackOf);
    this.view.on("value", () => this.#tell("input"));
    this.view.on("committed", () => this.#tell("commit"));
    this.view.on("left", () => {
      this.view.refresh();
      this.#tell("settled");
    });
  }

  get value(): T {
    return this.view.get("value") as T;
  }

  set value(value: T) {
    this.view.set({ value });
    this.#tell("settled");
  }

  get fallback(): Fallback {
    return fallbackOf(this.view.state);
  }

  override subscribe(changed: (change: Change) => void): () => void {
    this.#subscribers.add(changed);
    return () => void this.#subscribers.delete(changed);
  }

  #tell(change: Change): void {
    for (const changed of [...this.#subscribers]) changed(change);
  }
}

/** A button; its value is the number of times that it was pressed. */
class Button extends Control<number> {
  protected override readonly startsWithValue = false;
}

/** Controls side by side; its value is the list of theirs. */
export class Row<T extends unknown[]> extends Shown<T> {
  protected readonly view: Widget<{ children: string[] }>;

  constructor(readonly controls: readonly Shown<T[number]>[]) {
    super();
    const core = {
      _model_module: "@jupyter-widgets/controls",
      _model_name: "HBoxModel",
      _model_module_version: "2.0.0",
      _view_module: "@jupyter-widgets/controls",
      _view_name: "HBoxView",
      _view_module_version: "2.0.0",
    };
    const children = controls.flatMap(({ id }) => (id ? [`IPY_MODEL_${id}`] : []));
    this.view = new Widget(core, { children }, () => this.fallback);
    for (const control of controls) {
      control.markShown();
      control.subscribe((change) => change === "settled" && this.view.renew());
    }
  }

  get value(): T {
    return this.controls.map(({ value }) => value) as T;
  }

  get fallback(): Fallback {
    const all = this.controls.map(({ fallback }) => fallback);
    return {
      html: `<div style="display:flex;gap:1em">${all.map(({ html }) => html).join("")}</div>`,
      text: all.map(({ text }) => text).join(", "),
    };
  }

  override subscribe(changed: (change: Change) => void): () => void {
    const stops = this.controls.map((control) => control.subscribe(changed));
    return () => {
      for (const stop of stops) stop();
    };
  }
}

export interface SliderOptions {
  label?: string;
  min?: number;
  max?: number;
  /** By default a hundredth of the range. */
  step?: number;
  /** By default `min`. */
  value?: number;
}

/** A number from a range. */
export function slider(options: SliderOptions = {}): Control<number> {
  const { label = "", min = 0, max = 1, value = min } = options;
  const { step = (max - min) / 100 } = options;
  for (const [name, number] of Object.entries({ min, max, value, step }))
    if (!Number.isFinite(number))
      throw new TypeError(`${name} of slider "${label}" must be a finite number, got ${number}`);
  if (!(min < max && step > 0 && value >= min && value <= max))
    throw new RangeError(
      `slider "${label}" needs min ≤ value ≤ max, min < max and step > 0, got ${JSON.stringify({ min, value, max, step })}; widen the range or move the value`,
    );
  return new Control({ kind: "slider", label, value, min, max, step });
}

/** One of several options. */
export function select<T extends string | number | boolean>(options: {
  label?: string;
  options: readonly T[];
  /** By default the first. */
  value?: T;
}): Control<T> {
  const { label = "", options: all, value = all[0] } = options;
  if (value === undefined || !all.includes(value))
    throw new RangeError(
      `select "${label}" must start at one of its options, got ${JSON.stringify(value)}; the options are ${JSON.stringify(all)}`,
    );
  return new Control({ kind: "select", label, value, options: all });
}

/** Yes or no. */
export const checkbox = ({ label = "", value = false } = {}): Control<boolean> =>
  new Control({ kind: "checkbox", label, value });

/** A line of text, chosen by Enter or by leaving the field. */
export const text = ({ label = "", value = "", placeholder = "" } = {}): Control<string> =>
  new Control({ kind: "text", label, value, placeholder });

/** A button; `await` it for the next press. */
export const button = ({ label = "Run" } = {}): Control<number> =>
  new Button({ kind: "button", label, value: 0 });

/** Puts controls side by side; its value is the list of theirs. */
export const row = <T extends unknown[]>(...controls: { [K in keyof T]: Shown<T[K]> }): Row<T> =>
  new Row<T>(controls);
