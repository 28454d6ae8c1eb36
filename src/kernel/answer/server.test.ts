import assert from "node:assert/strict";
import { test } from "node:test";
import type { Evaluator } from "../run/evaluator";
import type { Outgoing } from "../wire/channel";
import { newFlags } from "../wire/flags";
import type { Request } from "../wire/wire";
import { Server } from "./server";

test("a fault of the kernel's own after a cell does not keep the next from running", async () => {
  const broken = { run: async () => undefined, converter: { rest: () => assert.fail("at rest") } };
  const sent: Outgoing[] = [];
  const server = new Server(broken as unknown as Evaluator, newFlags(), (message) =>
    sent.push(message),
  );
  for (const msg_id of ["a", "b"]) {
    const header = {
      msg_id,
      msg_type: "execute_request",
      session: "",
      username: "",
      date: "",
      version: "",
    };
    server.receive(
      {
        identities: [],
        header,
        parent: {},
        metadata: {},
        content: { code: "1" },
        buffers: [],
      } satisfies Request,
      1,
    );
  }
  await new Promise(setImmediate);
  const replies = sent.flatMap((message) =>
    message.kind === "shell" ? [message.parent.msg_id] : [],
  );
  assert.deepEqual(replies, ["a", "b"]);
});
