import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { threadsFor } from "./threads";

test("a net whose products are small gets one thread, and one whose products are large all cores", () => {
  const deep = [784, 128, 32, 128, 784];
  assert.deepEqual(
    [threadsFor(deep), threadsFor(deep, 256), threadsFor([]), threadsFor([784, 1000, 784])],
    [1, 1, 1, 1],
  );
  const cores = availableParallelism();
  assert.deepEqual([threadsFor(deep, 1024), threadsFor([784, 1000, 784], 256)], [cores, cores]);
});
