/**
 * The debugger's thread, started by the first request that needs it: heartbeats never wait for it.
 */
import { parentPort } from "node:worker_threads";
import { type FromDebugger, response, type ToDebugger } from "../wire/debug-messages";
import { Adapter } from "./adapter";

const port = parentPort!;
const post = (message: FromDebugger): void => port.postMessage(message);
let seq = 0;
/** Requests are answered one after the other; V8 takes its commands in order too. */
let queue: Promise<void> = Promise.resolve();
const adapter = new Adapter((event, body) =>
  post({ kind: "event", content: { seq: ++seq, type: "event", event, body } }),
);

async function answer({ id, content }: ToDebugger & { kind: "request" }): Promise<void> {
  const result = await adapter.answer(content).then(
    (body) => ({ body: body ?? {} }),
    (error: Error) => ({ message: error.message }),
  );
  post({ kind: "response", id, content: response(++seq, content, result) });
}

port.on("message", (message: ToDebugger) => {
  switch (message.kind) {
    case "request":
      queue = queue.then(() => answer(message));
      break;
    case "release":
      void adapter.release().finally(() => post({ kind: "released" }));
      break;
    case "interrupts ended":
      void adapter.interruptsEnded();
      break;
    case "close":
      void adapter.close().finally(() => post({ kind: "closed" }));
  }
});
