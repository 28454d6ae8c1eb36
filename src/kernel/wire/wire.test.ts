import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { DebuggerLink } from "./debugger-link";
import { open, type Request, Signer, seal } from "./wire";

const buffers = (frames: (string | Uint8Array)[]): Buffer[] =>
  frames.map((frame) => Buffer.from(frame as string));
const message = (signer: Signer, content: object): Buffer[] =>
  buffers(seal(signer, { type: "execute_request", content: JSON.stringify(content) }));

test("what one key seals, the same key opens, once", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      (key, content) => {
        const frames = message(new Signer(key), content);
        const receiver = new Signer(key);
        assert.deepEqual(open(receiver, frames)?.content, JSON.parse(JSON.stringify(content)));
        assert.equal(open(receiver, frames), undefined);
      },
    ),
  );
});

test("another key, another part or another signature opens nothing", () => {
  const frames = message(new Signer("secret"), { code: "1" });
  assert.equal(open(new Signer("other"), frames), undefined);
  for (let at = 1; at < frames.length; at++) {
    const changed = frames.map((frame, i) => (i === at ? Buffer.from('{"a":1}') : frame));
    assert.equal(open(new Signer("secret"), changed), undefined, `frame ${at}`);
  }
  assert.ok(open(new Signer("secret"), frames));
});

test("identities come before the delimiter and are handed back", () => {
  const signer = new Signer("k");
  const frames = buffers(
    seal(signer, { identities: [Buffer.from("me")], type: "t", content: "{}" }),
  );
  assert.deepEqual(open(new Signer("k"), frames)?.identities.map(String), ["me"]);
});

test("an empty key leaves messages unsigned, as the protocol allows", () => {
  const frames = message(new Signer(""), { code: "1" });
  assert.equal(frames[1]?.length, 0);
  assert.deepEqual(open(new Signer(""), frames)?.content, { code: "1" });
});

test("halves of surrogate pairs never leave, whole pairs and texts about them do", () => {
  const [backslash] = "\\";
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("\ud83d", "\ude00", "😀", backslash!, "u", "ud83d", '"', "a")),
      (parts) => {
        const text = parts.join("");
        const sealed = message(new Signer("k"), { text });
        const json = sealed.at(-1)!.toString();
        assert.deepEqual(JSON.parse(json), { text: text.replace(/\p{Surrogate}/gu, "\uFFFD") });
      },
    ),
  );
});

test("a request nested too deeply to be cloned between threads is refused", () => {
  const signer = new Signer("k");
  const nested = (depth: number): object => {
    const content = `{"a":${"[".repeat(depth)}${"]".repeat(depth)},"b":"${"[".repeat(5000)}"}`;
    return buffers(seal(signer, { type: "t", content }));
  };
  assert.ok(open(new Signer("k"), nested(900) as Buffer[]));
  assert.equal(open(new Signer("k"), nested(50_000) as Buffer[]), undefined);
});

test("code may pause again when the last of several interrupts has ended", async () => {
  const told: string[] = [];
  const thread = Object.assign(new EventEmitter(), {
    postMessage({ kind }: { kind: string }) {
      told.push(kind);
      if (kind === "release") queueMicrotask(() => thread.emit("message", { kind: "released" }));
    },
  });
  const link = new DebuggerLink(
    { reply: () => {}, publish: () => {} },
    () => thread as unknown as Worker,
  );
  link.receive({ content: { command: "attach" } } as unknown as Request);
  const ends: (() => void)[] = [];
  const interrupt = () => link.withoutPauses(() => new Promise((end) => ends.push(end)));
  const first = interrupt();
  const second = interrupt();
  while (ends.length < 2) await new Promise(setImmediate);
  ends[0]!();
  await first;
  assert.deepEqual(told, ["request", "release", "release"]);
  ends[1]!();
  await second;
  assert.equal(told.at(-1), "interrupts ended");
});
