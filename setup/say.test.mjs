import assert from "node:assert/strict";
import { test } from "node:test";
import { pipDoing } from "./python.mjs";
import { Progress, run } from "./say.mjs";

/** What a step's line writes to a stream, while `seconds` pass by. */
function written(t, out, seconds, end) {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const said = [];
  const progress = new Progress({ ...out, write: (text) => said.push(text) });
  let bytes = 0;
  progress.start("set-up: python packages … ", () => bytes);
  progress.at("jupyterlab");
  for (let i = 0; i < seconds; i++) {
    bytes += 5e6;
    t.mock.timers.tick(1000);
  }
  end(progress);
  t.mock.timers.tick(5000);
  return said;
}

test("in a terminal the line of a step is drawn in place each second, and its end takes the place of what it was at", (t) => {
  const said = written(t, { isTTY: true, columns: 100 }, 2, (line) => line.end(line.seconds()));
  assert.deepEqual(said, [
    "set-up: python packages … ",
    "\rset-up: python packages … 1 s, 5 MB, jupyterlab\x1b[K",
    "\rset-up: python packages … 2 s, 10 MB, jupyterlab\x1b[K",
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

test("a line that only says what a program is at is kept out of its output", async () => {
  const script =
    "console.log('Collecting dask==1 (from x)'); console.log('a warning'); console.log('Collecting\\n')";
  assert.equal(
    await run(process.execPath, ["-e", script], { doing: pipDoing }),
    "a warning\nCollecting\n",
  );
});

test("what pip is at: a package, a file, the installation; a warning or an error is no such thing", () => {
  assert.equal(
    pipDoing("Collecting anyio==4.16.0 (from -r setup/requirements.txt (line 9))"),
    "anyio==4.16.0",
  );
  assert.equal(
    pipDoing("  Downloading https://index.example/a/b/x-1-py3-none-any.whl (3 kB)"),
    "x-1-py3-none-any.whl",
  );
  assert.equal(pipDoing("Installing collected packages: a, b"), "installing");
  for (const line of [
    "WARNING: The directory is not owned",
    "ERROR: No matching distribution found for x",
  ])
    assert.equal(pipDoing(line), undefined);
});
