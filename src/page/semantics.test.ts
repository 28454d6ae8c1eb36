import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { after, before, test } from "node:test";
import { type Received, TestClient } from "jupyter-typescript/dist/test-client";
import { plain } from "./ansi";
import { notebooks } from "./fixtures/cells";
import { merged, type Said } from "./fixtures/said";
import type { Shown } from "./messages";

let kernel: TestClient;
before(async () => {
  kernel = await TestClient.start();
});
after(() => kernel.stop());

/** The native kernel's message in the page's words. */
function said({ type, content }: Received): Said | undefined {
  const { name, text, data, ename, evalue, traceback } = content as Record<string, never>;
  if (type === "stream") return { kind: "stream", name, text };
  if (type === "clear_output") return { kind: "clear" };
  if (type === "error") return { kind: "error", text: `${ename}: ${evalue}`, trace: traceback };
  if (type === "execute_result" || type === "display_data" || type === "update_display_data")
    return { kind: "display", bundle: data, as: type };
  return undefined;
}

async function inKernel(cells: readonly string[]): Promise<Said[][]> {
  const all: Said[][] = [];
  for (const code of cells) {
    const reply = await kernel.execute(code);
    const shown = (await kernel.published(reply)).map(said).filter((one) => one !== undefined);
    all.push(merged(shown));
  }
  return all;
}

const as = ({ update, result }: { update: boolean; result: boolean }): string =>
  result ? "execute_result" : update ? "update_display_data" : "display_data";

function inPage(cells: readonly string[]): Said[][] {
  const ran = spawnSync(process.execPath, [path.join(__dirname, "fixtures/run-cells.js")], {
    input: JSON.stringify(cells),
    encoding: "utf8",
  });
  assert.equal(ran.status, 0, ran.stderr);
  return (JSON.parse(ran.stdout) as Shown[][]).map((shown) =>
    merged(
      shown.map((one): Said => {
        if (one.kind === "stream") return { kind: "stream", name: one.name, text: one.text };
        if (one.kind === "clear") return { kind: "clear" };
        if (one.kind === "display") return { kind: "display", bundle: one.bundle, as: as(one) };
        return { kind: "error", text: `${one.ename}: ${one.evalue}`, trace: one.traceback };
      }),
    ),
  );
}

/** Lines of the cell that a traceback names, in order, without columns. */
const linesIn = (trace: readonly string[]): string[] =>
  trace.flatMap((line) => plain(line).match(/^ *\d+ \| .*|cell\[\d+\]:\d+/) ?? []);

for (const [title, cells] of Object.entries(notebooks))
  test(`${title}: as in the native kernel`, async () => {
    const expected = await inKernel(cells);
    const found = inPage(cells);
    for (const [i, code] of cells.entries()) {
      const [theirs, ours] = [expected[i]!, found[i]!];
      // The native kernel has counted the cells before; columns of calls differ.
      const bare = (all: Said[]) => {
        const text = JSON.stringify(all.map(({ trace: _, ...rest }) => rest));
        return JSON.parse(text.replace(/cell\[\d+\]:(\d+):\d+/g, "cell:$1"));
      };
      assert.deepEqual(bare(ours), bare(theirs), code);
      for (const [j, { trace }] of theirs.entries()) {
        if (!trace) continue;
        const excerpt = (lines: readonly string[]) => linesIn(lines).filter((l) => l.includes("|"));
        assert.deepEqual(excerpt(ours[j]!.trace!), excerpt(trace), `${code}\n${trace.join("\n")}`);
      }
    }
  });
