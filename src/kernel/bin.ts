#!/usr/bin/env node
/**
 * `jupyter-typescript [--prefix PATH] [--name NAME] [--root PATH] [--force]` installs the
 * kernelspec.
 */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { dataFolder, install } from "./install";

const HELP = `Install the TypeScript kernel for Jupyter.

usage: jupyter-typescript [options]

  --prefix PATH        environment to install into, such as a virtual environment;
                       by default the folder of the user
  --name NAME          name of the kernel, by default typescript
  --display-name TEXT  name that Jupyter shows, by default TypeScript
  --root PATH          folder whose packages every notebook may import
  --force              replace a kernel of this name that another program installed
  --help               print this
`;

function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      prefix: { type: "string" },
      name: { type: "string" },
      "display-name": { type: "string" },
      root: { type: "string" },
      force: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { "display-name": displayName, prefix, ...rest } = values;
  const root = values.root === undefined ? undefined : path.resolve(values.root);
  if (root) accessSync(root, constants.R_OK);
  const { folder, changed } = install({ ...rest, prefix, displayName, root });
  process.stdout.write(
    `${changed ? "Installed" : "Unchanged"}: ${folder}\n${howJupyterFindsIt(prefix)}\n`,
  );
  return 0;
}

/** Jupyter searches the user's folder and the environment that it runs in. */
function howJupyterFindsIt(prefix: string | undefined): string {
  if (prefix === undefined)
    return "Jupyter finds it there; list the kernels with: jupyter kernelspec list";
  const environment = path.resolve(prefix);
  return `A Jupyter installed in ${environment} finds it; another one with: JUPYTER_PATH=${dataFolder(prefix)} jupyter lab`;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`jupyter-typescript: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
