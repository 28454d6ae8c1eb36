// The page that runs: training against its peers on one thread, and all claims of all chapters.
// `npm run bench -- page [--rounds 5] [--seconds 1] [--chapters 00,08] [--skip-chapters]`.
// Contenders of a page run in a worker in Chromium, the others in Node; they stay alive and are
// asked in turn, so that a busy moment hits all of them. Writes bench/page.json and bench/page.md.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { launch, measureChapters, measurePaints } from "./page/chapters.mjs";
import { pageContender } from "./page/contender.mjs";
import { text as page } from "./page/text.mjs";
import { contender, median } from "./train/contender.mjs";
import { load, machine } from "./train/machine.mjs";
import { tasks as all } from "./train/task.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    chapters: { type: "string" }, // "00,08": these alone, and no training
    "skip-chapters": { type: "boolean" }, // training alone
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];

/** Contenders by what a reader calls them. */
const kinds = {
  "web engine": "web",
  "web engine, eager": "web eager",
  "stock tfjs-wasm": "wasm",
  "cpu backend": "cpu",
  "stock tfjs-node": "stock",
  "native engine": "replay",
};
const tasks = all.filter(({ name }) => !/wide|1024/.test(name));

/** Bytes of the files that a page carries: as they are, compressed, and as text in the page. */
function sizes(folder = "src/page/dist/browser") {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder).filter((name) => /\.(js|json|wasm)$/.test(name));
  return Object.fromEntries(
    files.map((name) => {
      const bytes = readFileSync(`${folder}/${name}`);
      const packed = gzipSync(bytes, { level: 9 }).length;
      return [name, { raw: bytes.length, packed, base64: 4 * Math.ceil(packed / 3) }];
    }),
  );
}

async function measure() {
  const oneThread = { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1" };
  const browser = await launch();
  const alive = {};
  for (const [name, kind] of Object.entries(kinds))
    alive[name] = /stock tfjs-node|native/.test(name)
      ? contender([process.execPath, "bench/train/node.mjs", kind], oneThread)
      : await pageContender(browser, kind);
  const ask = (name, task, seconds) => alive[name].ask(JSON.stringify({ ...task, seconds }));
  const table = {};
  const starts = {};
  for (const task of tasks) {
    const seen = Object.fromEntries(Object.keys(kinds).map((name) => [name, []]));
    for (const name of Object.keys(kinds)) starts[name] = (await ask(name, task, 0.3)).started;
    for (let round = 0; round < rounds; round++)
      for (const name of Object.keys(kinds)) seen[name].push(await ask(name, task, seconds));
    const ours = seen["web engine"];
    const of = (answers, f) => median(answers.map(f));
    table[task.name] = {};
    for (const [name, answers] of Object.entries(seen))
      table[task.name][name] = {
        perSecond: Math.round(of(answers, (one) => one.perSecond)),
        perCpuSecond: Math.round(of(answers, (one) => one.perCpuSecond)),
        oursIsFaster: of(answers, (one, i) => ours[i].perSecond / one.perSecond),
        oursIsCheaper: of(answers, (one, i) => ours[i].perCpuSecond / one.perCpuSecond),
        loss: answers.at(-1).loss,
      };
    console.log(task.name, JSON.stringify(table[task.name]));
  }
  for (const { end } of Object.values(alive)) await end();
  await browser.close();
  return { table, starts };
}

const loadBefore = load();
// Earlier measurements of other parts stay.
const known = existsSync("bench/page.json")
  ? JSON.parse(readFileSync("bench/page.json", "utf8"))
  : {};
const chapters = {
  ...known.chapters,
  ...(!values["skip-chapters"] && (await measureChapters(values.chapters?.split(",")))),
};
const paints = values["skip-chapters"] ? known.paints : await measurePaints();
if (values.chapters) {
  keep({ ...known, chapters, paints });
  process.exit();
}
const measured = await measure();
const here = machine(loadBefore);
keep({ ...known, machine: here, rounds, seconds, ...measured, sizes: sizes(), chapters, paints });

function keep(result) {
  writeFileSync("bench/page.json", `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync("bench/page.md", page(result));
}
