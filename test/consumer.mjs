// `npm pack`, then a fresh TypeScript project that installs the package, type-checks against it and
// runs, as CommonJS and ESM.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npm } from "../setup/npm.mjs";
import { foreground } from "../setup/process.mjs";
import { linkTensorFlow } from "../setup/tensorflow.mjs";

const mostBytes = 600_000;

const program = `import * as tf from "@tensorflow/tfjs-node";
import { autoencoder, mnist, readTable, squaredError, train } from "autoencoders";
import { show } from "autoencoders/display";
import { Adam } from "autoencoders/engine";
import { check } from "autoencoders/exercises";
import { sliders } from "autoencoders/live";
import { type Figure, lineChart } from "autoencoders/plot";

const figure: Figure = lineChart({ a: { x: [1, 2], y: [3, 4] } }, { caption: "A line.", xTitle: "x", yTitle: "y" });
const height: number | undefined = figure.layout.height;
// @ts-expect-error: a layout has known properties alone
figure.layout.thisDoesNotExist;
// @ts-expect-error: so have traces
figure.data[0].thisDoesNotExist;
// @ts-expect-error: an activation has a name of the list
const misspelled = () => autoencoder([2, 1, 2], { activation: "swoosh", seed: 1 });

const x: tf.Tensor2D = tf.tensor2d([[1, 2], [3, 4]]);
const error: number = squaredError(x, tf.zerosLike(x)).dataSync()[0];
if (error !== 15) throw new Error(\`squaredError must be 15 (summed over dimensions, averaged over examples), got \${error}\`);

async function main(): Promise<void> {
  const net = autoencoder([2, 1, 2], { activation: "linear", seed: 1 });
  const loss = (x: tf.Tensor) => ({ e: squaredError(x, net.decode(net.encode(x))) });
  const options = { epochs: 40, batchSize: 2, learningRate: 0.01, optimizer: new Adam() };
  let last = Infinity;
  for await (const step of train(loss, net.parameters, x, options)) last = step.loss;
  if (!(last < 15)) throw new Error(\`training must lower the loss, got \${last}\`);
  for (const f of [show, check, sliders, mnist, readTable, misspelled])
    if (typeof f !== "function") throw new Error("every subpath must have its functions");
  console.log(\`height \${height}, squared error \${error}, after training \${last.toFixed(2)}\`);
}
void main();
`;

const compilerOptions = {
  module: "node16",
  target: "ES2022",
  strict: true,
  types: ["node"],
};

/** Throws unless the package holds the library alone, small enough. */
function requireLean(folder) {
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => !name.startsWith("node_modules"))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
  const extra = files.filter(
    (path) => !/\/dist\/.*\.(js|d\.ts)$|\/(package\.json|README\.md|LICENSE)$/.test(path),
  );
  assert.deepEqual(extra, [], "files that are no part of the library");
  const unwanted = files.filter((path) => /\.test\.|\/fixtures\/|\/web|\/page\//.test(path));
  assert.deepEqual(unwanted, [], "tests, fixtures and the browser's bundle stay at home");
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  assert.ok(bytes < mostBytes, `the package must be below ${mostBytes} bytes, got ${bytes}`);
  assert.ok(existsSync(join(folder, "dist/index.d.ts")));
  console.log(`${files.length} files, ${bytes} bytes`);
}

/**
 * Type-checks the project with all declarations; errors of other packages' declarations are theirs.
 */
function typeCheck(folder) {
  const { stdout } = spawnSync(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "-p", ".", "--pretty", "false"],
    { cwd: folder, encoding: "utf8" },
  );
  const isTheirs = (line) => /^node_modules\/(?!autoencoders\/)|^\s/.test(line);
  const own = stdout.split("\n").filter((line) => line !== "" && !isTheirs(line));
  assert.deepEqual(own, [], "the package's types");
}

/** The exit code of the consumer's programs; a failed install or type error throws. */
export async function consumeThePackage() {
  const folder = mkdtempSync(join(tmpdir(), "consumer-")); // packages of the checkout are out of reach
  try {
    return await consumeIn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function consumeIn(folder) {
  await npm(["pack", "--workspace", "autoencoders", "--pack-destination", folder]);
  const filename = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  const versions = {
    "@tensorflow/tfjs-node": "4.22.0",
    "@types/node": "20.19.43",
    typescript: "5.9.3",
  };
  const manifest = {
    name: "consumer",
    private: true,
    dependencies: { autoencoders: `file:${filename}`, ...versions },
  };
  writeFileSync(`${folder}/package.json`, JSON.stringify(manifest));
  const files = ["main.cts", "main.mts"];
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files }));
  for (const file of files) writeFileSync(join(folder, file), program);
  cpSync(".npmrc", `${folder}/.npmrc`);
  await npm(["install", "--package-lock-only", "--prefer-offline"], { cwd: folder });
  await npm(["ci", "--prefer-offline"], { cwd: folder });
  requireLean(join(folder, "node_modules/autoencoders"));
  await linkTensorFlow(`${folder}/node_modules/@tensorflow/tfjs-node`);
  typeCheck(folder);
  for (const file of ["main.cjs", "main.mjs"]) {
    const code = await foreground(process.execPath, [file], { cwd: folder });
    if (code !== 0) return code;
  }
  return 0;
}
