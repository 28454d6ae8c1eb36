import type { InternalSourceFile } from "./compiler-internals";
import { declarationsThat, isValue, mentions, untypedVariable } from "./declarations";
import type { TS } from "./tslab";

type Names = Map<TS.__String, TS.Symbol>;
type BoundFile = InternalSourceFile & { locals: Names };

/** Declarations that one cell left, as a file that the checker reads. */
interface Part {
  text: string;
  file: BoundFile;
  /** Names that its types refer to. */
  mentions: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Declarations of the cells that have run, a file for each cell, and the scope of their names.
 *
 * A cell that declares names adds a file; the others stay parsed, bound and checked. A name that is
 * declared anew has its new meaning in all of them, as if they were one file: those that mention
 * the name, directly or through each other's names, are bound again, which makes the checker forget
 * their types.
 */
export class EarlierCells {
  readonly #scope: BoundFile;
  readonly #parts = new Set<Part>();
  readonly #owners = new Map<TS.__String, Part>();
  readonly #mentioning = new Map<string, Set<Part>>();
  #texts: readonly string[] | undefined = [];

  /** `parse` makes a bound file whose imports are resolved. */
  constructor(
    private readonly ts: typeof TS,
    private readonly parse: (text: string) => InternalSourceFile,
    private readonly checker: () => TS.TypeChecker,
  ) {
    this.#scope = parse("") as BoundFile;
  }

  /** File with the names of all cells: the parent of a file that sees them. */
  get scope(): TS.SourceFile {
    return this.#scope;
  }

  /** Text of each cell's declarations; the same array until they change. */
  get texts(): readonly string[] {
    this.#texts ??= [...this.#parts].map(({ text }) => text);
    return this.#texts;
  }

  /** Replaces all declarations; those of cells that are there already stay as they are. */
  set texts(texts: readonly string[]) {
    const added = new Set(texts);
    const changed = new Set<string>();
    const changes = ({ file }: Part): void => {
      for (const { name } of file.locals.values()) changed.add(name);
    };
    for (const part of [...this.#parts]) {
      if (added.delete(part.text)) continue;
      changes(part);
      this.#remove(part);
    }
    const fresh = [...added].map((text) => this.#part(text));
    for (const part of fresh) {
      changes(part);
      this.#insert(part);
    }
    this.#forget(changed, fresh);
  }

  /**
   * Adds what a cell declares. `values` are the names that it gives to later cells, of type `any`
   * where the text has none. Those of `unassigned` never got a value: what earlier cells say of
   * them holds.
   */
  add(text: string, values = NONE, unassigned = NONE): void {
    if (text === "" && values.size === 0) return;
    const { ts } = this;
    let part = this.#part(text);
    const { locals } = part.file;
    const untyped = [...values].filter((name) => !locals.has(ts.escapeLeadingUnderscores(name)));
    const assigned = (name: string): boolean => !unassigned.has(name);
    const typed =
      unassigned.size === 0 && !/^export /m.test(text)
        ? text
        : declarationsThat(ts, part.file, (each, name) => !isValue(ts, each) || assigned(name));
    const own = typed + untyped.filter(assigned).map(untypedVariable).join("");
    if (own.trim() === "") return;
    if (own !== text) part = this.#part(own);
    const left = this.#supersede(part.file.locals);
    if (left) part = this.#part(own + left);
    this.#insert(part);
    this.#forget(
      [...part.file.locals.values()].map(({ name }) => name),
      [part],
    );
  }

  /** True if the node stands in the declarations of a cell. */
  declares(node: TS.Node): boolean {
    return this.#scope.fileName === node.getSourceFile().fileName;
  }

  #file(text: string): BoundFile {
    return Object.assign(this.parse(text), { parent: this.#scope }) as BoundFile;
  }

  #part(text: string): Part {
    const file = this.#file(text);
    return { text, file, mentions: mentions(this.ts, file) };
  }

  #insert(part: Part): void {
    this.#parts.add(part);
    this.#link(part);
  }

  #remove(part: Part): void {
    this.#parts.delete(part);
    this.#unlink(part);
  }

  #rewrite(part: Part, text: string): void {
    this.#unlink(part);
    this.#link(Object.assign(part, this.#part(text)));
  }

  #link(part: Part): void {
    this.#texts = undefined;
    for (const [name, symbol] of part.file.locals) {
      this.#scope.locals.set(name, symbol);
      this.#owners.set(name, part);
    }
    for (const name of part.mentions) {
      const mentioning = this.#mentioning.get(name) ?? new Set();
      this.#mentioning.set(name, mentioning.add(part));
    }
  }

  #unlink(part: Part): void {
    this.#texts = undefined;
    for (const name of part.file.locals.keys()) {
      this.#scope.locals.delete(name);
      this.#owners.delete(name);
    }
    for (const name of part.mentions) this.#mentioning.get(name)?.delete(part);
  }

  #bind(part: Part): void {
    part.file = this.#file(part.text);
    for (const [name, symbol] of part.file.locals) this.#scope.locals.set(name, symbol);
  }

  /** Makes the checker forget the types of files that mention these names, but for fresh files. */
  #forget(names: Iterable<string>, fresh: readonly Part[]): void {
    const changed = new Set(names);
    const stale = new Set<Part>(fresh);
    for (const name of changed)
      for (const part of this.#mentioning.get(name) ?? [])
        if (!stale.has(part)) {
          stale.add(part);
          for (const { name } of part.file.locals.values()) changed.add(name);
        }
    for (const part of stale) if (!fresh.includes(part)) this.#bind(part);
  }

  /** Drops what earlier cells declare under these names; returns what of it still holds. */
  #supersede(names: Names): string {
    const anew = new Map<string, TS.SymbolFlags>();
    const outdated = new Set<Part>();
    for (const [key, { name, declarations = [] }] of names) {
      const owner = this.#owners.get(key);
      if (!owner) continue;
      outdated.add(owner);
      anew.set(name, this.#meaning(declarations));
    }
    const left: string[] = [];
    for (const part of outdated) {
      left.push(this.#holding(part.file, anew));
      const others = declarationsThat(this.ts, part.file, (_, name) => !anew.has(name));
      if (others) this.#rewrite(part, others);
      else this.#remove(part);
    }
    return left.join("");
  }

  /**
   * Of declarations under names that mean something anew, those of the other meaning: a type stays
   * beside a new value, a variable beside a new type, and the value of a class as `any`.
   */
  #holding(file: BoundFile, anew: ReadonlyMap<string, TS.SymbolFlags>): string {
    const { Value, Type, Namespace } = this.ts.SymbolFlags;
    const untyped = new Set<string>();
    const held = declarationsThat(this.ts, file, (each, name) => {
      const before = this.#meaning([each]);
      const after = anew.get(name);
      if (after === undefined) return false;
      const holds = ![Value, Type, Namespace].some((kind) => before & kind && after & kind);
      if (!holds && before & Value && !(after & Value)) untyped.add(name);
      return holds;
    });
    return held + [...untyped].map(untypedVariable).join("");
  }

  /** Flags that tell values, types and namespaces apart. */
  #meaning(declarations: readonly TS.Node[]): TS.SymbolFlags {
    const { ts } = this;
    const of = (node: TS.Node): TS.SymbolFlags => {
      if (ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node))
        return ts.SymbolFlags.Variable;
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
        return ts.SymbolFlags.TypeAlias;
      const { symbol } = node as TS.Node & { symbol: TS.Symbol };
      if (ts.isModuleDeclaration(node)) return symbol.flags & ts.SymbolFlags.Module;
      return symbol.flags & ts.SymbolFlags.Alias
        ? this.checker().getAliasedSymbol(symbol).flags
        : symbol.flags;
    };
    return declarations.reduce((flags, node) => flags | of(node), ts.SymbolFlags.None);
  }
}
