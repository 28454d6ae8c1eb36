// `npm pack`, then a fresh TypeScript project that installs the package, type-checks against it and runs.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { npm } from "../setup/npm.mjs";
import { foreground, run } from "../setup/process.mjs";
import { linkTensorFlow } from "../setup/tensorflow.mjs";

const program = `import * as tf from "@tensorflow/tfjs-node";
import { squaredError } from "autoencoders";

const x: tf.Tensor2D = tf.tensor2d([[1, 2], [3, 4]]);
const error: number = squaredError(x, tf.zerosLike(x)).dataSync()[0];
if (error !== 15) throw new Error(\`squaredError must be 15 (summed over dimensions, averaged over examples), got \${error}\`);
console.log(\`squared error \${error}\`);
`;

const compilerOptions = {
  module: "node16",
  target: "ES2022",
  strict: true,
  skipLibCheck: true,
  types: ["node"],
};

/** The exit code of the consumer's program; a failed install or type error throws with its last lines. */
export async function consumeThePackage() {
  const folder = resolve(".cache/consumer");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
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
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  writeFileSync(`${folder}/main.ts`, program);
  cpSync(".npmrc", `${folder}/.npmrc`);
  await npm(["install", "--package-lock-only", "--prefer-offline"], { cwd: folder });
  await npm(["ci", "--prefer-offline"], { cwd: folder });
  await linkTensorFlow(`${folder}/node_modules/@tensorflow/tfjs-node`);
  await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], {
    cwd: folder,
    cure: "mend the package's types",
  });
  return foreground(process.execPath, ["main.js"], { cwd: folder });
}
