import assert from "node:assert/strict";
import { test } from "node:test";
import { Progress } from "./progress.mjs";

/** Everything that the line of a step writes to a stream while `seconds` pass. */
function written(t, out, seconds, end) {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const said = [];
  const progress = new Progress({ ...out, write: (text) => said.push(text) });
  let bytes = 0;
  progress.start("set-up: python packages … ", () => bytes);
  for (let i = 0; i < seconds; i++) {
    bytes += 5e6;
    t.mock.timers.tick(1000);
  }
  end(progress);
  t.mock.timers.tick(5000);
  return said;
}

test("in a terminal the line of a step is drawn in place each second, and its end replaces it", (t) => {
  const said = written(t, { isTTY: true, columns: 100 }, 2, (line) => line.end(line.seconds()));
  assert.deepEqual(said, [
    "set-up: python packages … ",
    "\rset-up: python packages … 1 s, 5 MB\x1b[K",
    "\rset-up: python packages … 2 s, 10 MB\x1b[K",
    "\rset-up: python packages … \x1b[K",
    "2.0 s\n",
  ]);
});

test("a line is never wider than the terminal, and one that was stopped is drawn no more", (t) => {
  const said = written(t, { isTTY: true, columns: 20 }, 3, (line) => line.stop());
  assert.equal(said.length, 4);
  for (const line of said.slice(1)) assert.equal(line.replaceAll("\x1b[K", "").slice(1).length, 19);
});

test("where the output is no terminal a step writes its beginning and its end alone", (t) => {
  const said = written(t, {}, 3, (line) => line.end(line.seconds()));
  assert.deepEqual(said, ["set-up: python packages … ", "3.0 s\n"]);
});
