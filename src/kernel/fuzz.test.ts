import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { TestClient } from "./test-client";

const MESSAGES = Number(process.env.FUZZ_MESSAGES ?? 10_000);
const SEED = 4;

let client: TestClient;
let marker: string;
before(async () => {
  client = await TestClient.start();
  marker = path.join(client.folder, "executed");
});
after(() => client.stop());

type Frames = (string | Buffer)[];

/** Messages that must not execute anything, though each carries code that leaves a mark. */
function malformed(): fc.Arbitrary<Frames> {
  const code = `require("node:fs").appendFileSync(${JSON.stringify(marker)}, "x")`;
  const good = (): Frames => client.frames("execute_request", { code, silent: false });
  const changed = (at: number, frame: string | Buffer): Frames =>
    good().map((each, i) => (i === at ? frame : each));
  const index = fc.nat({ max: 5 });
  const bytes = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));
  const json = fc
    .oneof(fc.jsonValue(), fc.constant(null), fc.constant([]), fc.string())
    .map((each) => JSON.stringify(each));
  return fc.oneof(
    // Unsigned, wrongly signed, and signed by another key.
    fc
      .constantFrom("", "0", "f".repeat(64), "é".repeat(64))
      .map((signature) => changed(1, signature)),
    fc.constant(0).map(() => changed(1, randomBytes(32).toString("hex"))),
    // One frame changed after signing.
    fc.tuple(fc.integer({ min: 2, max: 5 }), bytes).map(([at, value]) => changed(at, value)),
    fc.constant(0).map(() => changed(5, JSON.stringify({ code, silent: true }))),
    // Frames missing, doubled, out of order.
    index.map((at) => good().filter((_, i) => i !== at)),
    index.map((at) => good().slice(0, at)),
    fc.constant(0).map(() => good().reverse()),
    fc.array(bytes, { maxLength: 8 }),
    // Rightly signed, but no request.
    fc.array(json, { maxLength: 6 }).map((parts) => client.seal(parts)),
    fc.array(bytes, { minLength: 4, maxLength: 4 }).map((parts) => client.seal(parts)),
    json.map((content) =>
      client.seal([`{"msg_id":"a","msg_type":"execute_request"}`, "{}", "{}", content]),
    ),
    fc
      .oneof(
        fc.integer(),
        fc.constant(null),
        fc.array(fc.string()),
        fc.dictionary(fc.string(), fc.string()),
      )
      .map((each) => client.frames("execute_request", { code: each })),
    // Rightly signed, of a type that does not exist or with parts of the wrong type.
    fc
      .constantFrom("", "toString", "__proto__", "execute", "EXECUTE_REQUEST")
      .map((type) => client.frames(type, { code })),
    fc
      .tuple(
        fc.constantFrom(
          "complete_request",
          "inspect_request",
          "is_complete_request",
          "history_request",
          "comm_open",
        ),
        fc.dictionary(
          fc.constantFrom("code", "cursor_pos", "n", "pattern", "hist_access_type", "comm_id"),
          fc.jsonValue(),
        ),
      )
      .map(([type, content]) => client.frames(type, content)),
  );
}

test(`${MESSAGES} malformed messages execute nothing and leave the kernel working`, async () => {
  const samples = fc.sample(malformed(), { numRuns: MESSAGES, seed: SEED });
  for (const [i, frames] of samples.entries()) {
    if (frames.length === 0) continue;
    const socket = i % 4 === 3 ? client.control : client.shell;
    await socket.send(frames);
    if (i % 500 === 499) {
      assert.equal((await client.request("kernel_info_request", {})).content.status, "ok");
      assert.ok(client.alive);
    }
  }
  assert.equal((await client.execute("1 + 1")).content.status, "ok");
  assert.equal(existsSync(marker), false);
});

test("a message that is sent twice is executed once", async () => {
  assert.equal((await client.execute("let times = 0;")).content.status, "ok");
  const frames = client.frames("execute_request", { code: "times++" });
  for (let i = 0; i < 5; i++) await client.shell.send(frames);
  const { content } = await client.request("execute_request", {
    code: "",
    user_expressions: { times: "times" },
  });
  const { times } = content.user_expressions as { times: { data: Record<string, string> } };
  assert.equal(times.data["text/plain"], "1");
});
