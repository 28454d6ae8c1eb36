import { isBuiltin } from "node:module";

/** Names of Node's own globals, noted before cells add theirs. */
const GLOBALS = new Set(Object.getOwnPropertyNames(globalThis));

const exported = (module: string, name: string): boolean =>
  isBuiltin(module) && name in (require(module) as object);

/** Diagnostics of unknown names, and for each the test that Node has them all the same. */
const COMPLAINTS: [text: RegExp, nodeHas: (...names: string[]) => boolean][] = [
  [/^Cannot find name '(.+?)'/, (name) => GLOBALS.has(name!)],
  [/^Cannot find module '(.+?)'/, isBuiltin],
  [/^Module '"(.+?)"' has no exported member (?:named )?'(.+?)'/, exported],
  [/^Property '(.+?)' does not exist on type 'typeof import\("(.+?)"\)'/, (a, b) => exported(b, a)],
];

/**
 * True if a diagnostic denies a global, a module or an export that the running Node has: its types
 * are those of Node 20. The name is then `any`.
 */
export const isOfNode = (message: string): boolean =>
  COMPLAINTS.some(([text, nodeHas]) => {
    const found = text.exec(message);
    return found !== null && nodeHas(...found.slice(1));
  });
