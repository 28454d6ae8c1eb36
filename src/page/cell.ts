import { Parser } from "acorn";
import {
  boundNames,
  children,
  expressionStarts,
  freeNames,
  isFunction,
  lexicalNames,
  type Node,
  varNames,
} from "./scope";
import { CellSyntaxError, placeAt, stripTypes } from "./strip";

/** The global by which cells reach the kernel at run time, as in the native kernel. */
const RUNTIME = "__tslab__";

/**
 * Kind of a name that the cell uses but does not declare: a constant or variable of an earlier
 * cell, or a global of the browser.
 */
export type Earlier = (name: string) => "constant" | "variable" | "global" | undefined;

/** A compiled cell, and the map from its places to the source. */
export interface CompiledCell {
  /**
   * A script that leaves the cell's body, an asynchronous function of `exports` and `require`, in
   * `__tslab__.body`.
   */
  script: string;
  lines: string[];
  positions: { locate(at: Place): Place | undefined };
}

interface Place {
  line: number;
  column: number;
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

// The comma keeps the body without a name, which stacks would show.
const PREFIX = `${RUNTIME}.body = (0, async function (exports, require) { `;

/**
 * A cell whose types are not checked may make a global by an assignment, as in the native kernel.
 */
const UNCHECKED = /^\s*\/\/\s*@ts-nocheck\b/;

/** A message in our words for syntax that TypeScript has and a page cannot run. */
function explained(message: string, code: string, offset: number): string {
  const here = code.slice(offset);
  if (/^@/.test(here)) return "decorators cannot be run in a page; call the function yourself";
  if (/\baccessor\s+$/.test(code.slice(0, offset)))
    return "an accessor field cannot be run in a page; write get and set";
  return message.replace(/ \(\d+:\d+\)$/, "");
}

/** Takes `export { a as b }` of a name that an earlier cell declares. */
class CellParser extends Parser {
  checkLocalExport(): void {}
}

function programOf(code: string, source: string): Node {
  try {
    return CellParser.parse(code, {
      ecmaVersion: "latest",
      sourceType: "module",
      allowAwaitOutsideFunction: true,
      allowReturnOutsideFunction: false,
    }) as Node;
  } catch (error) {
    const { message, pos = 0 } = error as Error & { pos?: number };
    const at = aligned(code, source, placeAt(code, pos));
    throw new CellSyntaxError(explained(message, code, pos), at.line, at.column);
  }
}

/** Maps a place in the code without types to the source; removing types kept the lines. */
function aligned(code: string, source: string, { line, column }: Place): Place {
  const made = code.split("\n")[line - 1] ?? "";
  const written = source.split("\n")[line - 1] ?? "";
  let at = 0;
  for (let i = 0; i < Math.min(column - 1, made.length); i++) {
    const next = written.indexOf(made[i]!, at);
    if (next >= 0) at = next + 1;
  }
  const rest = made.slice(column - 1, column + 3);
  const found = written.indexOf(rest, at);
  return { line, column: (rest && found >= 0 ? found : at) + 1 };
}

/** Rewrites one cell by edits, each of which replaces or inserts text, and adds no line. */
class CellRewriter {
  readonly edits: Edit[] = [];
  /** Statements that stand before the cell's own. */
  readonly prologue: string[] = [];
  /** Statements that stand behind them. */
  readonly epilogue: string[] = [];
  readonly #functions: string[] = [];

  constructor(
    readonly code: string,
    readonly source: string,
    private readonly earlier: Earlier,
  ) {}

  #replace(start: number, end: number, text: string): void {
    const lines = this.code.slice(start, end).replace(/[^\n]/g, "");
    this.edits.push({ start, end, text: text + lines });
  }

  #insert(at: number, text: string): void {
    this.edits.push({ start: at, end: at, text });
  }

  run(): void {
    const program = programOf(this.code, this.source);
    const body: Node[] = program.body;
    this.#expressions(program);
    const last = body.findLast(({ type }) => type !== "EmptyStatement");
    this.#names(program, last?.start);
    for (const node of body) this.#statement(node, node === last);
    const own = new Set([...lexicalNames(body), ...body.flatMap(varNames)]);
    for (const node of body) this.#renamed(node, own);
    for (const name of new Set(body.flatMap(varNames))) this.prologue.push(liveBinding(name));
    if (this.#functions.length > 0) this.prologue.unshift(define(this.#functions));
  }

  /** `await`, `for await` and `import(…)`, wherever they stand. */
  #expressions(node: Node): void {
    if (node.type === "AwaitExpression") {
      this.#insert(node.start, `${RUNTIME}.resumed(${RUNTIME}.cell(), `);
      this.#after(node.end, ")");
    } else if (node.type === "ForOfStatement" && node.await) {
      this.#insert(node.right.start, `${RUNTIME}.watched(`);
      this.#after(node.right.end, ")");
    } else if (node.type === "MetaProperty" && node.meta.name === "import") {
      this.#refuse(
        node,
        "import.meta",
        "names a file, and a page has none; the cell runs in JupyterLab",
      );
    } else if (node.type === "ImportExpression")
      this.#replace(node.start, node.source.start, `${RUNTIME}.load(require, `);
    for (const child of children(node)) this.#expressions(child);
  }

  /** Inserts a closing text before those already inserted at the same place. */
  #after(at: number, text: string): void {
    const first = this.edits.findIndex(({ start, end }) => start === at && end === at);
    const edit = { start: at, end: at, text };
    if (first < 0) this.edits.push(edit);
    else this.edits.splice(first, 0, edit);
  }

  /** Names of earlier cells become properties of `exports`. */
  #names(program: Node, startOfLast?: number): void {
    const starts = new Set(expressionStarts(program).filter((start) => start !== startOfLast));
    for (const { node, shorthand, assigned, called } of freeNames(program)) {
      const kind = this.earlier(node.name);
      if (assigned && kind === "constant")
        this.#refuse(
          node,
          node.name,
          "is a constant of an earlier cell; declare it again, or with let there",
        );
      if (assigned && kind === undefined && !UNCHECKED.test(this.source))
        this.#refuse(node, node.name, "is not declared; declare it with let");
      if (kind === "global" || kind === undefined) continue;
      const property = `exports.${node.name}`;
      const semicolon = starts.has(node.start) ? ";" : ""; // or the line before would call this
      const bare = called ? `${semicolon}(0, ${property})` : property; // without a receiver
      this.#replace(node.start, node.end, shorthand ? `${node.name}: ${property}` : bare);
    }
  }

  #refuse({ start }: Node, name: string, why: string): never {
    const at = aligned(this.code, this.source, placeAt(this.code, start));
    throw new CellSyntaxError(`"${name}" ${why}`, at.line, at.column);
  }

  #statement(node: Node, last: boolean): void {
    const { type, start, end } = node;
    if (type === "ImportDeclaration") this.#replace(start, end, imported(node));
    else if (type === "ExportAllDeclaration") this.#replace(start, end, exportedAll(node));
    else if (type === "ExportDefaultDeclaration") this.#default(node);
    else if (type === "ExportNamedDeclaration" && node.declaration) {
      this.#replace(start, node.declaration.start, "");
      this.#statement(node.declaration, false);
    } else if (type === "ExportNamedDeclaration") this.#replace(start, end, exported(node));
    else if (type === "FunctionDeclaration") this.#functions.push(node.id.name);
    else if (type === "ClassDeclaration") this.#insert(end, `;${define([node.id.name])}`);
    else if (type === "VariableDeclaration" && node.kind !== "var") {
      const names = node.declarations.flatMap(({ id }: Node) => boundNames(id));
      this.#insert(
        end,
        `;${node.kind === "let" ? names.map(liveBinding).join("") : define(names)}`,
      );
    } else if (type === "ExpressionStatement" && last) {
      const { expression } = node;
      const text = `${RUNTIME}.result((`;
      this.edits.unshift({ start: expression.start, end: expression.start, text });
      this.#insert(expression.end, "))");
    }
  }

  /** `export { a as b }`, whose value is taken at the end of the cell. */
  #renamed({ type, source, specifiers }: Node, own: ReadonlySet<string>): void {
    if (type !== "ExportNamedDeclaration" || source) return;
    for (const { local, exported } of specifiers) {
      const isEarlier = !own.has(local.name) && /able|ant$/.test(this.earlier(local.name) ?? "");
      const value = isEarlier ? `exports.${local.name}` : local.name;
      if (nameOf(exported) !== local.name)
        this.epilogue.push(`${RUNTIME}.define({ ${JSON.stringify(nameOf(exported))}: ${value} });`);
    }
  }

  #default({ start, declaration }: Node): void {
    if ((isFunction(declaration) || declaration.type === "ClassDeclaration") && declaration.id) {
      this.#replace(start, declaration.start, "");
      this.#insert(declaration.end, `;${RUNTIME}.define({ default: ${declaration.id.name} });`);
      this.#statement(declaration, false);
      return;
    }
    this.#replace(start, declaration.start, `${RUNTIME}.define({ default: (`);
    this.#insert(declaration.end, ") })");
  }
}

const define = (names: readonly string[]): string =>
  names.length > 0 ? `${RUNTIME}.define({ ${names.join(", ")} });` : "";

/** Getter and setter of a variable; the setter's parameter must not shadow a variable's name. */
const liveBinding = (name: string): string =>
  `${RUNTIME}.live("${name}", () => ${name}, ($value) => { ${name} = $value; });`;

const required = ({ source }: Node): string => `require(${source.raw})`;
const byDefault = (node: Node): string => `${RUNTIME}.interop(${required(node)}).default`;
const nameOf = (node: Node): string => node.name ?? node.value;
const property = (node: Node, key: string): string =>
  key === "default" ? byDefault(node) : `${required(node)}[${JSON.stringify(key)}]`;

function imported(node: Node): string {
  const names = node.specifiers.map(({ local }: Node) => local.name);
  const parts = node.specifiers.map(({ type, local, imported }: Node) => {
    if (type === "ImportNamespaceSpecifier")
      return `const ${local.name} = ${RUNTIME}.namespace(${required(node)});`;
    const key = type === "ImportDefaultSpecifier" ? "default" : nameOf(imported);
    return `const ${local.name} = ${property(node, key)};`;
  });
  return `${parts.join(" ") || `${required(node)};`} ${define(names)}`;
}

function exported(node: Node): string {
  if (!node.source) return "";
  const properties = node.specifiers.map(
    ({ local, exported }: Node) =>
      `${JSON.stringify(nameOf(exported))}: ${property(node, nameOf(local))}`,
  );
  return `${RUNTIME}.define({ ${properties.join(", ")} });`;
}

const exportedAll = (node: Node): string =>
  node.exported
    ? `${RUNTIME}.define({ ${JSON.stringify(nameOf(node.exported))}: ${RUNTIME}.namespace(${required(node)}) });`
    : `${RUNTIME}.define(${required(node)});`;

/**
 * Applies edits, sorted by start, end and order of insertion. Returns the text, and for each
 * segment of it the offset where it begins in the output and in the code.
 */
function applyEdits(code: string, edits: readonly Edit[]) {
  const inOrder = edits
    .map((edit, i) => ({ ...edit, i }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.i - b.i);
  let text = "";
  let at = 0;
  const segments: { output: number; code: number; inserted?: boolean }[] = [];
  for (const { start, end, text: replacement } of inOrder) {
    segments.push({ output: text.length, code: at });
    text += code.slice(at, start);
    if (replacement) segments.push({ output: text.length, code: start, inserted: true });
    text += replacement;
    at = end;
  }
  segments.push({ output: text.length, code: at });
  return { text: text + code.slice(at), segments };
}

/**
 * Compiles a cell: types stripped, then rewritten as the native kernel's transformation does.
 *
 * `earlier` says which names earlier cells have defined. Throws a CellSyntaxError with the cell's
 * own line.
 */
export function compileCell(source: string, earlier: Earlier): CompiledCell {
  const code = stripTypes(source);
  const rewriter = new CellRewriter(code, source, earlier);
  rewriter.run();
  const { text, segments } = applyEdits(code, rewriter.edits);
  const head = PREFIX + rewriter.prologue.join(" ");
  const locate = ({ line, column }: Place): Place | undefined => {
    const lines = text.split("\n");
    if (line > lines.length) return undefined;
    const inLine = column - 1 - (line === 1 ? head.length : 0);
    if (inLine < 0) return undefined;
    const offset =
      lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0) + inLine;
    const segment = segments.findLast(({ output }) => output <= offset)!;
    const from = segment.code + (segment.inserted ? 0 : offset - segment.output);
    return aligned(code, source, placeAt(code, from));
  };
  return {
    script: `${head}${text}\n${rewriter.epilogue.join(" ")}});`,
    lines: source.split("\n"),
    positions: { locate },
  };
}
