import "./engine/compat";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-node";
import { load, save } from "./checkpoint";
import { Adam, Momentum } from "./engine";
import { autoencoder } from "./layers";
import { squaredError } from "./losses";
import { train } from "./train";

const kinds = ["Adam, replayed", "Adam, eager", "Momentum, replayed", "Momentum, eager"] as const;
const steps = 120;

/**
 * The run under test: its end is compared number by number, so everything in it is drawn from the
 * seed.
 */
function run(kind: (typeof kinds)[number]) {
  const { parameters, encode, decode } = autoencoder([64, 48, 64], { activation: "tanh", seed: 3 });
  const optimizer = kind.startsWith("Adam") ? new Adam() : new Momentum();
  const x = tf.randomUniform([40, 64], 0, 1, "float32", 5) as tf.Tensor2D;
  const resume = (from?: ReturnType<typeof load>) =>
    train((x) => ({ squaredError: squaredError(x, decode(encode(x))) }), parameters, x, {
      epochs: steps / 4,
      batchSize: 10,
      learningRate: 0.003,
      seed: 3,
      optimizer,
      replay: kind.endsWith("replayed"),
      ...(from && { from }),
    });
  return { parameters, optimizer, resume };
}

/** The program that is killed: it saves after every step. */
async function saveEveryStep(kind: (typeof kinds)[number], path: string): Promise<void> {
  const { parameters, optimizer, resume } = run(kind);
  for await (const { step } of resume()) {
    const state = optimizer.state(parameters);
    save(path, { parameters, optimizer: state, step, seed: 3 });
    tf.dispose(state);
  }
}

if (process.env.SAVE_EVERY_STEP) {
  saveEveryStep(process.env.KIND as (typeof kinds)[number], process.env.SAVE_EVERY_STEP);
} else {
  const folder = mkdtempSync(join(tmpdir(), "killed-"));
  after(() => rmSync(folder, { recursive: true }));
  const kills = Number(process.env.KILLS ?? 1);

  for (const [i, kind] of kinds.entries()) {
    test(`a process killed while it saves leaves a whole checkpoint, and the run goes on to the same numbers: ${kind}`, async (t) => {
      const whole = run(kind);
      const losses: number[] = [];
      for await (const { loss } of whole.resume()) losses.push(loss);
      for (let kill = 0; kill < kills; kill++) {
        const path = join(folder, `${i}-${kill}.safetensors`);
        const child = spawn(process.execPath, [__filename], {
          env: { ...process.env, NODE_TEST_CONTEXT: undefined, SAVE_EVERY_STEP: path, KIND: kind },
          stdio: "ignore",
        });
        const ended = once(child, "exit");
        while (!existsSync(path) && child.exitCode === null) await pause(2);
        await pause(20 + 7.3 * ((5 * kill + 3 * i) % 11));
        child.kill("SIGKILL");
        await ended;
        assert.ok(statSync(path).size > 0);
        const from = load(path);
        save(path, from);
        assert.deepEqual(readdirSync(folder), [path.slice(folder.length + 1)]);
        rmSync(path);
        const second = run(kind);
        const rest: number[] = [];
        for await (const { loss } of second.resume(from)) rest.push(loss);
        t.diagnostic(`killed at step ${from.step} of ${steps}`);
        assert.deepEqual(rest, losses.slice(from.step));
        for (const [name, p] of Object.entries(second.parameters))
          assert.deepEqual(p.dataSync(), whole.parameters[name].dataSync());
      }
    });
  }
}
