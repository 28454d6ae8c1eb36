import type { CompilerInternals, InternalSourceFile } from "./compiler-internals";
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

/**
 * Gives the ambient modules of `outline`, which lack their statements, those of the file that
 * `parse` makes, once something reads a module's exports, locals or statements.
 */
export function fillOnDemand(
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
  const properties = modules.flatMap((module): [object, string][] => [
    [module.symbol, "exports"],
    [module.body, "statements"],
    [module, "locals"],
  ]);
  const outlined = properties.map(([object, name]): unknown => Reflect.get(object, name));
  const fill = (): void => {
    const full = parse();
    ts.bindSourceFile(full, options);
    for (const [i, [object, name]] of properties.entries())
      Object.defineProperty(object, name, { value: outlined[i], writable: true });
    const filled = ambientModules(ts, full);
    for (const [i, module] of modules.entries()) move(ts, filled[i]!, module);
  };
  for (const [object, name] of properties)
    Object.defineProperty(object, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        fill();
        return Reflect.get(object, name);
      },
    });
}

/** Moves the content of a module into its outline, which has the global declarations already. */
function move(ts: typeof TS, from: AmbientModule, to: AmbientModule): void {
  const globals = to.body.statements.filter((each) => isGlobal(ts, each));
  const { statements } = from.body;
  for (const [i, statement] of statements.entries())
    if (isGlobal(ts, statement)) statements[i] = globals.shift()!;
    else Object.assign(statement, { parent: to.body });
  for (const symbol of from.symbol.exports!.values() as Iterable<{ parent?: TS.Symbol }>)
    if (symbol.parent === from.symbol) symbol.parent = to.symbol;
  for (const [name, symbol] of to.locals) from.locals.set(name, symbol);
  to.body.statements = statements;
  to.locals = from.locals;
  to.symbol.exports = from.symbol.exports!;
  to.symbol.constEnumOnlyModule = from.symbol.constEnumOnlyModule;
  to.flags = from.flags;
}
