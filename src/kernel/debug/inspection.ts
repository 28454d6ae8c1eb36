/** Code that the debugger calls on the main thread; loaded when a debugger first asks. */

import { types } from "node:util";
import { runInThisContext } from "node:vm";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type Bundle, bundleNow, type Formatter, wireBundle } from "../answer/bundle";
import { CELLS } from "../convert/runtime-names";
import type { SourceText } from "../convert/source";
import type { Evaluator } from "../run/evaluator";
import { describe, isTensor, tensorValues } from "./describe";

type Values = Record<string, unknown>;
type Variable = DebugProtocol.Variable;

/** Something whose parts a client may ask for: named values, and how code names them. */
interface Container {
  entries(): [name: string, value: unknown, expression?: string][];
  /** Values that a client may ask for by their places. */
  indexed?: ArrayLike<unknown>;
  /** Object whose property an assignment sets. */
  target?: object;
  expression?: string;
}

const RANGE = 100;
const HIDDEN_IN_CELLS = new Set(["exports", "require", CELLS]);
const IDENTIFIER = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;
const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);

const member = (of: string | undefined, name: string): string | undefined =>
  of === undefined
    ? undefined
    : isIdentifier(name)
      ? `${of}.${name}`
      : `${of}[${/^\d+$/.test(name) ? name : JSON.stringify(name)}]`;

/** Code of the reader's as JavaScript, with the names in it. */
export interface Compiled {
  code: string;
  names: string[];
}

export class Inspection {
  #containers: Container[] = [];

  constructor(
    private readonly evaluator: Evaluator,
    private readonly formatters: readonly Formatter[],
  ) {}

  get #shared(): Values {
    return this.evaluator.variables;
  }

  /**
   * Source and source maps of a script, by its URL or path; undefined for one that no cell made.
   */
  source(name: string): SourceText | undefined {
    return this.evaluator.sourceText(name);
  }

  /** Forgets the values whose parts could be asked for. */
  clear(): void {
    this.#containers = [];
  }

  /** Variables of the cells: the scope of a kernel that is not paused. */
  globals(): number {
    const entries = (): [string, unknown][] =>
      Object.keys(this.#shared).map((name) => [name, this.#shared[name]]);
    return this.#reference({ entries, target: this.#shared });
  }

  /** One scope of several of V8's, innermost first. */
  scope(returns: boolean, returned: unknown, ...scopes: Values[]): number {
    const entries = (): [string, unknown][] => {
      const seen = new Map<string, unknown>(returns ? [["return value", returned]] : []);
      for (const scope of scopes)
        for (const name of Object.keys(scope))
          if (!seen.has(name) && !HIDDEN_IN_CELLS.has(name)) seen.set(name, scope[name]);
      return [...seen];
    };
    return this.#reference({ entries });
  }

  variables(reference: number, start = 0, count?: number): Variable[] {
    const { entries, indexed: values, expression } = this.#container(reference);
    const end = count ? start + count : undefined;
    const found =
      values && end ? indexed(values, expression, start, Math.min(end, values.length)) : entries();
    return (values && end ? found : found.slice(start, end)).map((entry) =>
      this.#variable(...entry),
    );
  }

  /** Describes the value of an expression, which sees the variables of all cells. */
  evaluate(names: readonly string[], run: () => unknown): Omit<Variable, "name"> {
    const { name: _, ...described } = this.#variable("", this.see(names, run));
    return described;
  }

  /** Runs code that sees, besides its own scope, these of the cells' variables. */
  see<T>(names: readonly string[], run: () => T): T {
    const shared = this.#shared;
    const before = names
      .filter((name) => Object.hasOwn(shared, name))
      .map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
      .filter(([, descriptor]) => descriptor?.configurable !== false);
    for (const [name] of before)
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get: () => shared[name],
        set: (value) => {
          shared[name] = value;
        },
      });
    try {
      return run();
    } finally {
      for (const [name, descriptor] of before)
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else Reflect.deleteProperty(globalThis, name);
    }
  }

  /** Writes the text of a logpoint as output of the cell. */
  log(...parts: unknown[]): false {
    const text = parts.map((part) => (typeof part === "string" ? part : describe(part).value));
    process.stdout.write(`${text.join("")}\n`);
    return false;
  }

  /** JavaScript of an expression or of statements in TypeScript; throws what is wrong with it. */
  compile(code: string): Compiled {
    const { ts } = this.evaluator.converter;
    const compiled = (text: string) =>
      ts.transpileModule(text, {
        reportDiagnostics: true,
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
    const names = [...new Set(code.match(IDENTIFIER) ?? [])];
    const expression = compiled(`(${code}\n)`);
    if (expression.diagnostics?.length === 0)
      return { code: expression.outputText.trim().replace(/;$/, ""), names };
    const { diagnostics = [], outputText } = compiled(code);
    const [first] = diagnostics;
    if (first) throw new SyntaxError(ts.flattenDiagnosticMessageText(first.messageText, "\n"));
    const statements = outputText.replace(/^export \{\};$/m, "").trim();
    return { code: `eval(${JSON.stringify(statements)})`, names };
  }

  /** Sets a property of a container; returns it as described anew. */
  assign(reference: number, name: string, compiled: Compiled): Omit<Variable, "name"> {
    const { target } = this.#container(reference);
    if (!target) throw new Error(`${name} cannot be set here; set it by evaluating ${name} = …`);
    const value: unknown = this.see(compiled.names, () => runInThisContext(compiled.code));
    if (!Reflect.set(target, name, value)) throw new Error(`${name} is read-only`);
    const { name: _, ...described } = this.#variable("", value);
    return described;
  }

  /**
   * Makes a value a variable of the cells; one that no cell declared is known as `any` to later
   * ones.
   */
  share(name: string, value: unknown): void {
    if (!isIdentifier(name))
      throw new Error(`a variable needs a name, got ${JSON.stringify(name)}`);
    if (!Object.hasOwn(this.#shared, name)) this.evaluator.converter.declare(name);
    Object.defineProperty(this.#shared, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }

  /** MIME bundle of a value, without waiting: what comes by a promise is shown as text. */
  bundle(names: readonly string[], run: () => unknown): { data: Bundle; metadata: Bundle } {
    const value = this.see(names, run);
    return { data: wireBundle(bundleNow(value, this.formatters)), metadata: {} };
  }

  #reference(container: Container): number {
    return this.#containers.push(container);
  }

  #container(reference: number): Container {
    const container = this.#containers[reference - 1];
    if (!container)
      throw new Error(
        `variablesReference ${reference} is not known any more; ask for scopes again`,
      );
    return container;
  }

  #variable(name: string, value: unknown, expression?: string): Variable {
    const evaluateName = expression ?? (isIdentifier(name) ? name : undefined);
    const container = containerOf(value, evaluateName);
    return {
      name,
      ...describe(value),
      ...(evaluateName && { evaluateName }),
      ...(container?.indexed && { indexedVariables: container.indexed.length }),
      variablesReference: container ? this.#reference(container) : 0,
    };
  }
}

/** Parts of an array, in ranges of ranges where they are many. */
function indexed(
  values: ArrayLike<unknown>,
  expression: string | undefined,
  from = 0,
  to = values.length,
): [string, unknown, string?][] {
  if (to - from <= RANGE)
    return Array.from({ length: to - from }, (_, i) => [
      String(from + i),
      values[from + i],
      member(expression, String(from + i)),
    ]);
  const size = RANGE ** Math.ceil(Math.log(to - from) / Math.log(RANGE) - 1);
  return Array.from({ length: Math.ceil((to - from) / size) }, (_, i) => {
    const [start, end] = [from + i * size, Math.min(to, from + (i + 1) * size)];
    return [`${start} … ${end - 1}`, new Range(values, expression, start, end)];
  });
}

/** A part of a long array, shown as one entry. */
class Range {
  constructor(
    private readonly values: ArrayLike<unknown>,
    private readonly expression: string | undefined,
    private readonly from: number,
    private readonly to: number,
  ) {}
  entries(): [string, unknown, string?][] {
    return indexed(this.values, this.expression, this.from, this.to);
  }
}

function tensorEntries(tensor: Parameters<typeof tensorValues>[0]): [string, unknown][] {
  const { shape, dtype, size, isDisposed } = tensor;
  return Object.entries({ shape, dtype, size, isDisposed, values: tensorValues(tensor) });
}

/** Own properties; getters are shown as such and not called. */
function propertyEntries(value: object, expression?: string): [string, unknown, string?][] {
  return Object.entries(Object.getOwnPropertyDescriptors(value)).map(([name, { value, get }]) =>
    get ? [`get ${name}`, get] : [name, value, member(expression, name)],
  );
}

/** The parts of a value; undefined for one without. */
function containerOf(value: unknown, expression?: string): Container | undefined {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return undefined;
  if (value instanceof Range) return { entries: () => value.entries() };
  if (isTensor(value)) return { entries: () => tensorEntries(value), target: value };
  const make = (entries: Container["entries"]): Container => ({
    entries,
    target: value,
    expression,
  });
  if (Array.isArray(value) || types.isTypedArray(value))
    return { ...make(() => indexed(value, expression)), indexed: value };
  if (value instanceof Map)
    return make(() => [...value].map(([key, each]) => [describe(key).value, each]));
  if (value instanceof Set) return make(() => [...value].map((each, i) => [String(i), each]));
  if (Object.getOwnPropertyNames(value).length === 0) return undefined;
  return make(() => propertyEntries(value, expression));
}
