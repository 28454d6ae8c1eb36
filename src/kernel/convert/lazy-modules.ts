import type { CompilerInternals, InternalSourceFile } from "./compiler-internals";
import { specifiers } from "./specifiers";
import type { TS } from "./tslab";

type AmbientModule = TS.ModuleDeclaration & {
  flags: TS.NodeFlags;
  body: { statements: TS.Statement[] };
  symbol: TS.Symbol & { constEnumOnlyModule?: boolean };
  locals: Map<string, TS.Symbol>;
};

const ambientModules = (ts: typeof TS, file: TS.SourceFile): AmbientModule[] =>
  file.statements.filter(
    (each): each is AmbientModule =>
      ts.isModuleDeclaration(each) && ts.isStringLiteral(each.name) && each.body !== undefined,
  );

const isGlobal = (ts: typeof TS, node: TS.Node): node is TS.ModuleDeclaration =>
  (node.flags & ts.NodeFlags.GlobalAugmentation) !== 0;

/** Defines what the properties hold when one of them is first read. */
function onFirstRead(properties: readonly (readonly [object, string])[], fill: () => void): void {
  const before = properties.map(([object, name]): unknown => Reflect.get(object, name));
  for (const [object, name] of properties)
    Object.defineProperty(object, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        for (const [i, [object, name]] of properties.entries())
          Object.defineProperty(object, name, { value: before[i], writable: true });
        try {
          fill();
        } catch (error) {
          onFirstRead(properties, fill); // the stack may have been full
          throw error;
        }
        return Reflect.get(object, name);
      },
    });
}

const outlines = new WeakSet<TS.SourceFile>();

/**
 * Gives a module, of which `outline` has the imports, the content of the file that `parse` makes,
 * once something reads its exports or statements.
 */
export function moduleOnDemand(
  ts: typeof TS & CompilerInternals,
  outline: InternalSourceFile,
  parse: () => InternalSourceFile,
  options: TS.CompilerOptions,
): void {
  outlines.add(outline);
  ts.bindSourceFile(outline, options);
  // A program would collect these from the statements.
  outline.imports = specifiers(ts, outline);
  outline.ambientModuleNames = [];
  outline.moduleAugmentations = [];
  const { symbol } = outline;
  const content = [[symbol, "exports"] as const, [outline, "statements"] as const];
  onFirstRead(content, () => {
    const full = parse();
    ts.bindSourceFile(full, options);
    const { exports } = full.symbol;
    for (const each of [...full.statements, full.endOfFileToken])
      Object.assign(each, { parent: outline });
    adopt(exports!, full.symbol, symbol);
    Object.assign(symbol, { exports });
    const { statements, endOfFileToken, end, flags, locals } = full;
    Object.assign(outline, { statements, endOfFileToken, end, flags, locals });
  });
}

/** Type of a module, once the checker has listed its members. */
interface NamespaceType extends TS.Type {
  members: TS.SymbolTable;
  properties: TS.Symbol[];
}

/**
 * Lets a new checker look at one export of a module without loading the files of all others.
 *
 * For `import * as m` it asks if the module can be called, and lists the values among its exports
 * with that, for which it follows each one to its file. No module on demand can be called, and most
 * files show in their text that a name is a value.
 */
export function namespacesOnDemand(ts: typeof TS, program: TS.Program): void {
  const checker = program.getTypeChecker();
  const { Value } = ts.SymbolFlags;
  for (const file of program.getSourceFiles()) {
    if (!outlines.has(file)) continue;
    const module = checker.getSymbolAtLocation(file)!;
    const type = checker.getTypeOfSymbol(module) as NamespaceType;
    const exports = (): TS.Symbol[] => checker.getExportsOfModule(module);
    Object.assign(type, { callSignatures: [], constructSignatures: [], indexInfos: [] });
    onFirstRead([[type, "members"]], () => {
      type.members = new Map(exports().map((each) => [each.escapedName, each])) as TS.SymbolTable;
    });
    onFirstRead([[type, "properties"]], () => {
      type.properties = exports().filter(
        (each) =>
          each.flags & Value ||
          isDeclaredValue(ts, checker, each) ||
          checker.getPropertyOfType(type, each.name) === each,
      );
    });
  }
}

/** True if `export { name } from "m"` names what the text of m declares as a value. */
function isDeclaredValue(ts: typeof TS, checker: TS.TypeChecker, alias: TS.Symbol): boolean {
  const [specifier] = alias.declarations ?? [];
  if (!specifier || !ts.isExportSpecifier(specifier)) return false;
  const { moduleSpecifier, isTypeOnly } = specifier.parent.parent;
  if (!moduleSpecifier || isTypeOnly || specifier.isTypeOnly) return false;
  const [file] = checker.getSymbolAtLocation(moduleSpecifier)?.declarations ?? [];
  if (!file || !ts.isSourceFile(file) || !outlines.has(file)) return false;
  const { text: name } = specifier.propertyName ?? specifier.name;
  return [...file.text.matchAll(DECLARED_VALUE)].some(([, declared]) => declared === name);
}
const DECLARED_VALUE =
  /^export declare (?:const enum|enum|const|let|var|function|class|abstract class) ([\w$]+)/gm;

/** Makes the symbols of a table those of another module. */
function adopt(table: TS.SymbolTable, from: TS.Symbol, to: TS.Symbol): void {
  for (const symbol of table.values() as Iterable<{ parent?: TS.Symbol }>)
    if (symbol.parent === from) symbol.parent = to;
}

/**
 * Gives the ambient modules of `outline`, which lack their statements, those of the file that
 * `parse` makes, once something reads a module's exports, locals or statements.
 */
export function ambientModulesOnDemand(
  ts: typeof TS & CompilerInternals,
  outline: InternalSourceFile,
  parse: () => InternalSourceFile,
  options: TS.CompilerOptions,
): void {
  ts.bindSourceFile(outline, options);
  const modules = ambientModules(ts, outline);
  // A program would collect these from the statements.
  outline.imports = [];
  outline.ambientModuleNames = modules.map(({ name }) => name.text);
  outline.moduleAugmentations = modules.flatMap(({ body }) =>
    body.statements.filter((each) => isGlobal(ts, each)).map((each) => each.name),
  );
  const content = modules.flatMap((module): [object, string][] => [
    [module.symbol, "exports"],
    [module.body, "statements"],
    [module, "locals"],
  ]);
  onFirstRead(content, () => {
    const full = parse();
    ts.bindSourceFile(full, options);
    const filled = ambientModules(ts, full);
    for (const [i, module] of modules.entries()) move(ts, filled[i]!, module);
  });
}

/** Moves the content of a module into its outline, which has the global declarations already. */
function move(ts: typeof TS, from: AmbientModule, to: AmbientModule): void {
  const globals = to.body.statements.filter((each) => isGlobal(ts, each));
  const { statements } = from.body;
  for (const [i, statement] of statements.entries())
    if (isGlobal(ts, statement)) statements[i] = globals.shift()!;
    else Object.assign(statement, { parent: to.body });
  adopt(from.symbol.exports!, from.symbol, to.symbol);
  for (const [name, symbol] of to.locals) from.locals.set(name, symbol);
  to.body.statements = statements;
  to.locals = from.locals;
  to.symbol.exports = from.symbol.exports!;
  to.symbol.constEnumOnlyModule = from.symbol.constEnumOnlyModule;
  to.flags = from.flags;
}
