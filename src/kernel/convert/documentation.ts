import type { TS } from "./tslab";

/** Parts of the compiler that its type declarations leave out. */
interface Internals {
  canHaveJSDoc(node: TS.Node): boolean;
  getJSDocCommentRanges(node: TS.Node, text: string): TS.CommentRange[] | undefined;
  parseIsolatedJSDocComment(
    text: string,
    start: number,
    length: number,
  ): { jsDoc: TS.JSDoc } | undefined;
  objectAllocator: Record<"getSymbolConstructor" | "getSignatureConstructor", () => Class>;
}

interface Class {
  prototype: Record<string, ((...args: unknown[]) => unknown) | undefined>;
}

const METHODS = [
  "getDocumentationComment",
  "getContextualDocumentationComment",
  "getJsDocTags",
  "getContextualJsDocTags",
];

const undocumented = new WeakSet<TS.SourceFile>();
const documented = new WeakSet<TS.Node>();
let installed = false;

/** Parses the file's documentation only for the symbols that are asked for theirs. */
export function documentOnDemand(compiler: typeof TS, file: TS.SourceFile): void {
  undocumented.add(file);
  if (!installed) install(compiler as typeof TS & Internals);
  installed = true;
}

function install(ts: typeof TS & Internals): void {
  const { getSymbolConstructor, getSignatureConstructor } = ts.objectAllocator;
  for (const { prototype } of [getSymbolConstructor(), getSignatureConstructor()])
    for (const name of METHODS) {
      const method = prototype[name];
      if (!method) continue;
      prototype[name] = function (this: Partial<TS.Symbol & TS.Signature>, ...args) {
        for (const each of this.declarations ?? []) document(ts, each);
        if (this.declaration) document(ts, this.declaration);
        return method.apply(this, args);
      };
    }
}

/** Gives a declaration and the nodes around it their documentation, as the parser would have. */
function document(ts: typeof TS & Internals, declaration: TS.Node): void {
  const file = declaration.getSourceFile();
  if (!undocumented.has(file)) return;
  for (let node = declaration; node !== file && !documented.has(node); node = node.parent) {
    documented.add(node);
    if (!ts.canHaveJSDoc(node)) continue;
    const comments = ts.getJSDocCommentRanges(node, file.text) ?? [];
    const jsDoc = comments.flatMap(({ pos, end }) => {
      const parsed = ts.parseIsolatedJSDocComment(file.text, pos, end - pos);
      return parsed ? [Object.assign(parsed.jsDoc, { parent: node })] : [];
    });
    if (jsDoc.length > 0) Object.assign(node, { jsDoc });
  }
}
