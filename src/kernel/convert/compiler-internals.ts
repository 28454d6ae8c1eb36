import type { TS } from "./tslab";

/** Parts of the compiler that its type declarations leave out. */
export interface CompilerInternals {
  bindSourceFile(file: TS.SourceFile, options: TS.CompilerOptions): void;
  createCompilerHostWorker(
    options: TS.CompilerOptions,
    setParents: boolean | undefined,
    system: TS.System,
  ): TS.CompilerHost;
  /** Sets the pragmas of the comments that a text begins with. */
  processCommentPragmas(file: TS.SourceFile, text: string): void;
  /** Package of the functions that JSX calls without a factory in scope, if it is to do so. */
  getJSXImplicitImportBase(options: TS.CompilerOptions, file: TS.SourceFile): string | undefined;
  getJSXRuntimeImport(base: string | undefined, options: TS.CompilerOptions): string | undefined;
  createModeAwareCache(): { set(name: string, mode: undefined, resolution: unknown): void };
}

export interface InternalSourceFile extends TS.SourceFile {
  fileName: string;
  symbol: TS.Symbol;
  locals: TS.SymbolTable;
  path: string;
  resolvedPath: string;
  originalFileName: string;
  externalModuleIndicator: TS.Node | undefined;
  parseDiagnostics: readonly TS.Diagnostic[];
  imports: readonly TS.StringLiteralLike[];
  moduleAugmentations: readonly TS.ModuleName[];
  ambientModuleNames: readonly string[];
  resolvedModules: ReturnType<CompilerInternals["createModeAwareCache"]>;
}

type TypeWriter = (
  node: TS.Node,
  enclosing: TS.Node,
  flags: number,
  ...rest: unknown[]
) => TS.TypeNode | undefined;

/** Answers the questions of the declaration emit. */
interface EmitResolver {
  createTypeOfDeclaration: TypeWriter;
  createReturnTypeOfSignatureDeclaration: TypeWriter;
  createTypeOfExpression: TypeWriter;
}

interface InternalChecker extends TS.TypeChecker {
  getEmitResolver(...args: unknown[]): EmitResolver;
  resolveName(
    name: string,
    location: TS.Node,
    meaning: TS.SymbolFlags,
    excludeGlobals: boolean,
  ): TS.Symbol | undefined;
}

/**
 * Symbol of the value that a name in the emit means, a shorthand `{ x }` or a factory that the
 * compiler has put in for JSX.
 */
export function valueNamed(
  ts: typeof TS,
  checker: TS.TypeChecker,
  node: TS.Node,
): TS.Symbol | undefined {
  const original = ts.getOriginalNode(node);
  if (!ts.isIdentifier(original)) return checker.getShorthandAssignmentValueSymbol(original);
  const { text, parent } = original;
  if (original.pos >= 0 || !parent) return checker.getSymbolAtLocation(original);
  return (checker as InternalChecker).resolveName(text, parent, ts.SymbolFlags.Value, false);
}

/**
 * Lets declarations name types by the path of a file below node_modules.
 *
 * TypeScript refuses that (TS2742), since a published declaration could not be moved. The
 * declarations of a cell never leave the process.
 */
export function allowPathsToPackages(ts: typeof TS, checker: TS.TypeChecker): void {
  const internal = checker as InternalChecker;
  const { getEmitResolver } = internal;
  const flag = ts.NodeBuilderFlags.AllowNodeModulesRelativePaths;
  const allowing =
    (write: TypeWriter): TypeWriter =>
    (node, enclosing, flags, ...rest) =>
      write(node, enclosing, flags | flag, ...rest);
  internal.getEmitResolver = (...args) => {
    const resolver = getEmitResolver(...args);
    return {
      ...resolver,
      createTypeOfDeclaration: allowing(resolver.createTypeOfDeclaration),
      createReturnTypeOfSignatureDeclaration: allowing(
        resolver.createReturnTypeOfSignatureDeclaration,
      ),
      createTypeOfExpression: allowing(resolver.createTypeOfExpression),
    };
  };
}

/** Transformer that makes the declaration emit write `any` where it would refuse. */
export const declareAnyway: TS.TransformerFactory<TS.SourceFile | TS.Bundle> = (context) => {
  (context as { addDiagnostic?: unknown }).addDiagnostic = () => {};
  return (node) => node;
};
