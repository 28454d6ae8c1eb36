// The README's commands and its program, run as a reader would. What is not run says why.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { foreground } from "../setup/process.mjs";

/**
 * Treatment of each command of the README: "run", arguments to run it with, "start" (and stop), or
 * why it is left out.
 */
export const treatments = {
  "npm run setup": "run",
  "npm run report": "run",
  "npm run report -- 00": "run",
  "npm run report -- 04": { why: "the command with --standalone does the same and more" },
  // Elsewhere: the browser tests read the other pages meanwhile.
  "npm run report -- --standalone 04": ["--out", ".cache/readme/pages"],
  "npm run report -- 07": "run",
  "npm run bench -- analysis": { why: "it takes minutes, and rewrites what it measured" },
  "npm run docs": "run",
  "npm run sweep -- data/sweeps/small.json": ["--dry-run"],
  "npm start": "start",
  "npm test": { why: "it is what runs this" },
  "npm run check": { why: "its stages are stages of npm test" },
  "npm run seeds": { why: "it takes three times as long as the chapters" },
  "npm run licenses": "run",
  "npm run audit": { why: "its stages are stages of npm test" },
  "npm run bench -- kernel": { why: "it takes minutes, and rewrites what it measured" },
  "npm run bench -- growth": { why: "it takes minutes, and rewrites what it measured" },
  "npm run bench -- memory": { why: "it takes minutes, and rewrites what it measured" },
  "npm run bench -- page": { why: "it takes minutes, and rewrites what it measured" },
  "npm run handout": { why: "setup/handout.test.mjs makes one" },
  "npm run format": { why: "it changes files; the stage of lint checks the same" },
  "npm run bench -- train": { why: "it takes minutes, and rewrites what it measured" },
  "apt install python3 python3-venv": { why: "it changes the system" },
};

/** The commands in a page of Markdown: code that begins as one, comments removed, each once. */
export function commandsIn(markdown) {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, body]) =>
    body.split("\n"),
  );
  const spans = [...markdown.replace(/^```.*?^```/gms, "").matchAll(/`([^`\n]+)`/g)].map(
    ([, span]) => span,
  );
  const commands = [...blocks, ...spans].map((line) => line.replace(/\s+#.*/, "").trim());
  return [
    ...new Set(
      commands.filter((line) => /^(npm (run|test|start)|npm ci|node|bash|apt|pip) ?/.test(line)),
    ),
  ];
}

/** The first TypeScript program of a page. */
const programIn = (markdown) => markdown.match(/^```ts\n(.*?)^```/ms)[1];

async function runProgram(program) {
  mkdirSync(".cache/readme", { recursive: true });
  writeFileSync(".cache/readme/main.mts", program);
  const options = {
    module: "node16",
    target: "ES2022",
    strict: true,
    skipLibCheck: true,
    types: ["node"],
  };
  writeFileSync(
    ".cache/readme/tsconfig.json",
    JSON.stringify({ compilerOptions: options, files: ["main.mts"] }),
  );
  const code = await foreground(process.execPath, [
    "node_modules/typescript/bin/tsc",
    "-p",
    ".cache/readme",
  ]);
  return code || foreground(process.execPath, [".cache/readme/main.mjs"]);
}

/**
 * Start JupyterLab; 0 once it says its address, which must answer with the token and refuse
 * without. It is stopped in any case.
 */
function startAndStop(line, { within = 60_000 } = {}) {
  const [program, ...args] = line.split(" ");
  const child = spawn(program, [...args, "--", "--no-browser", "--ServerApp.port=0"], {
    detached: true,
  });
  return new Promise((resolve) => {
    let said = "";
    const end = (code) => {
      clearTimeout(limit);
      if (code)
        console.error(`${line} must say its address within ${within / 1000} s, said:\n${said}`);
      try {
        process.kill(-child.pid, "SIGTERM");
      } catch {} // it has ended by itself
      resolve(code);
    };
    const limit = setTimeout(() => end(1), within);
    const listen = async (text) => {
      said += text;
      const address = said.match(/http:\/\/127\.0\.0\.1:\d+\/lab\S*token=\w+/)?.[0];
      if (!address || child.answered) return;
      child.answered = true;
      const status = async (url) => {
        for (let tries = 0; ; tries++)
          try {
            return (await fetch(url)).status; // refused for a moment after the address is printed, on a busy machine
          } catch (error) {
            if (tries === 50) return String(error);
            await new Promise((later) => setTimeout(later, 200));
          }
      };
      const [welcome, stranger] = [
        await status(address),
        await status(new URL("/api/contents", address)),
      ];
      said += `\nwith the token ${welcome}, without ${stranger}`;
      end(welcome === 200 && stranger === 403 ? 0 : 1);
    };
    child.stdout.setEncoding("utf8").on("data", listen);
    child.stderr.setEncoding("utf8").on("data", listen);
    child.on("error", () => end(1));
    child.on("exit", () => child.answered || end(1));
  });
}

/**
 * Run every command of the README that can be, then its program; the counts of what went well and
 * of what was left out.
 */
export async function runReadme() {
  const readme = readFileSync("README.md", "utf8");
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const count = (what, code) => {
    console.log(`${code === 0 ? "ran" : "FAILED"}: ${what}`);
    counts[code === 0 ? "passed" : "failed"] += 1;
  };
  for (const line of commandsIn(readme)) {
    const treatment = treatments[line];
    const [program, ...args] = line.split(" ");
    if (treatment.why) console.log(`not run: ${line}; ${treatment.why}`);
    else if (treatment === "start") count(line, await startAndStop(line));
    else
      count(line, await foreground(program, treatment === "run" ? args : [...args, ...treatment]));
  }
  count("the program", await runProgram(programIn(readme)));
  return { code: counts.failed, counts };
}
