import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClient } from "./test-client";
import { onceBelow } from "./test-waits";

interface Held {
  resident: number;
  heap: number;
  tensors: number;
  files: number;
}

const asked = `JSON.stringify({
  resident: process.memoryUsage.rss() / 2 ** 20,
  heap: process.memoryUsage().heapUsed / 2 ** 20,
  tensors: (globalThis as any)._tfengine?.memory().numTensors,
  files: require("node:fs").existsSync("/proc/self/fd") ? require("node:fs").readdirSync("/proc/self/fd").length : 0,
})`;

async function held(client: TestClient): Promise<Held> {
  const { content } = await client.request("execute_request", {
    code: "",
    silent: false,
    user_expressions: { held: asked },
  });
  const { held } = content.user_expressions as { held: { data: { "text/plain": string } } };
  return JSON.parse(held.data["text/plain"].replace(/^'|'$/g, "")) as Held;
}

test("a cell that makes 40 MB of tensors at its top, run 50 times, leaves the kernel less than 900 MB bigger", async () => {
  const client = await TestClient.start();
  try {
    const imported = await client.execute(
      'import * as ae from "autoencoders"; import * as tf from "@tensorflow/tfjs-node";',
    );
    assert.equal(imported.content.status, "ok");
    const cell = `const x = tf.ones([2000, 1000]).add(1), w = tf.variable(x.mul(2));
      setTimeout(() => {}, 5);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const total = w.sub(x).sum();
      console.log(total.dataSync()[0]);
      total`;
    let first: Held | undefined;
    for (let run = 1; run <= 50; run++) {
      const { content } = await client.execute(cell);
      assert.equal(content.status, "ok", JSON.stringify(content));
      first ??= await held(client);
    }
    const end = await held(client);
    assert.ok(
      end.resident < first!.resident + 900,
      `${end.resident} MB after ${first!.resident} MB`,
    );
    assert.ok(end.tensors < 200, `${end.tensors} tensors`);
    assert.equal(end.files, first!.files);
  } finally {
    await client.stop();
  }
});

test("what JavaScript's objects leave behind in a cell is collected before the next one", async () => {
  const client = await TestClient.start();
  try {
    await client.execute("1");
    const before = await held(client);
    const { content } = await client.execute(
      "Array.from({ length: 4e6 }, (_, i) => ({ i, of: [i] })).length",
    );
    assert.equal(content.status, "ok");
    await client.execute("");
    const { heap } = await held(client);
    assert.ok(heap < before.heap + 150, `${heap} MB after ${before.heap} MB`);
  } finally {
    await client.stop();
  }
});

/** The project's variables for the allocators of TensorFlow and of the C library. */
const allocation = {
  TF_ONEDNN_USE_SYSTEM_ALLOCATOR: "1",
  MALLOC_MMAP_THRESHOLD_: String(13 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(64 * 2 ** 20),
  GLIBC_TUNABLES: "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0",
};
const onLinux = {
  skip: process.platform !== "linux" && "the C library's allocator is told how on Linux alone",
};

/** Megabytes by which a cell with TensorFlow lets the kernel grow. */
async function growth(cell: string): Promise<number> {
  const client = await TestClient.start(allocation);
  try {
    await client.execute(
      'import * as tf from "@tensorflow/tfjs-node"; tf.ones([10]).add(1).dataSync();',
    );
    const before = await held(client);
    const { content } = await client.execute(cell);
    assert.equal(content.status, "ok", JSON.stringify(content));
    return (await held(client)).resident - before.resident;
  } finally {
    await client.stop();
  }
}

test("memory of tensors that were disposed of goes back to the system", onLinux, async () => {
  // Three times 276 MB in twelve pieces, with a small one that stays between any two.
  const cell = `{
    const small: tf.Tensor[] = [];
    for (let round = 0; round < 3; round++) {
      const big = Array.from({ length: 12 }, () => {
        small.push(tf.fill([100, 1000], 1));
        return tf.fill([6, 1000, 1000], 1);
      });
      tf.dispose(big);
    }
    tf.dispose(small);
  }`;
  await onceBelow(150, () => growth(cell));
});

test(
  "tensors of some megabytes take the room of those that were disposed of",
  onLinux,
  async () => {
    // 120 sums of products of 3 MB each, of which two are in use at a time
    const cell = `{
    const x = tf.fill([1024, 784], 0.5);
    let total: tf.Tensor = tf.zeros([784, 784], "int32");
    for (let round = 0; round < 120; round++) {
      const next = tf.tidy(() => {
        const bytes = x.mul(255).round().sub(128) as tf.Tensor2D;
        return total.add(bytes.matMul(bytes, true).toInt());
      });
      total.dispose();
      total = next;
    }
    tf.dispose([x, total]);
  }`;
    await onceBelow(60, () => growth(cell)); // threads decide whose blocks are neighbors
  },
);
