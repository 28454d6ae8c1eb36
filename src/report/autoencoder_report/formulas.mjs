// stdin: [{ tex, display }]; stdout: for each { html } or { error }. The first argument is KaTeX's
// folder.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { typesetter } from "./typeset.mjs";

const require = createRequire(import.meta.url);
const folder = process.argv[2];
const katex = require(folder);
require(path.join(folder, "dist/contrib/mhchem.js"));

const formulas = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(formulas.map(typesetter(katex))));
