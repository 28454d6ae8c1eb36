import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { commands } from "../setup/commands.mjs";
import { commandsIn, treatments } from "./readme.mjs";
import { notebooks } from "./stages.mjs";

const read = (path) => readFileSync(path, "utf8");
const scripts = JSON.parse(read("package.json")).scripts;
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "environment.md",
  "CHANGELOG.md",
  "data/sweeps/README.md",
].concat(
  readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
);

test("commands are read from blocks and from spans, without their comments", () => {
  const page =
    "Run `npm test`.\n\n```sh\nnpm run report    # all\n```\n\nNot `npm-check` or `reports/`; `npm test` again.\n";
  assert.deepEqual(commandsIn(page), ["npm run report", "npm test"]);
});

test("each command of the README is run by npm test, or says why not", () => {
  const named = commandsIn(read("README.md"));
  for (const line of named)
    assert.ok(line in treatments, `${line}: say in test/readme.mjs whether npm test runs it`);
  for (const line of Object.keys(treatments))
    assert.ok(named.includes(line), `${line}: not in the README any more`);
});

test("each npm script, and each program of this folder, that a page names is there", () => {
  for (const page of pages)
    for (const line of commandsIn(read(page))) {
      const [program, verb, name] = line.split(" ");
      const script = program === "npm" ? (verb === "run" ? name : verb) : undefined;
      if (script && verb !== "ci") assert.ok(script in scripts, `${page}: ${line}`);
      if (scripts[script]?.startsWith("node setup/run.mjs ") && script !== "setup")
        assert.ok(script in commands, `${page}: ${line}`);
      if (
        ["node", "bash"].includes(program) &&
        /^[\w.]+\/[\w./-]+$/.test(verb) &&
        !verb.includes("/dist/")
      )
        assert.ok(existsSync(verb), `${page}: ${line}`);
      for (const file of line.match(/\b(data\/sweeps|notebooks)\/[\w.-]+\.\w+/g) ?? [])
        if (!file.includes("NAME")) assert.ok(existsSync(file), `${page}: ${line}`);
    }
});

/** GitHub's anchor of a heading. */
const anchor = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");

test("each link and picture of a page leads to a file of this folder, and to a heading that is there", () => {
  for (const page of pages) {
    const text = read(page).replace(/^```.*?^```/gms, "");
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:href|src)="([^"]+)"/g)].map(
      (found) => found[1] ?? found[2],
    );
    for (const target of targets.filter((url) => !/^[a-z]+:/.test(url))) {
      const [path, heading] = target.split("#");
      const file = path ? join(dirname(page), path) : page;
      assert.ok(existsSync(file), `${page}: ${target}`);
      const anchors = heading
        ? [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, words]) => anchor(words))
        : [];
      if (heading) assert.ok(anchors.includes(heading), `${page}: ${target}`);
    }
  }
});

test("the README lists every chapter, by the question that is its title, with a picture", () => {
  const readme = read("README.md");
  for (const path of notebooks()) {
    const name = basename(path);
    const title = JSON.parse(read(path))
      .cells[0].source.join("")
      .match(/^# (.+)$/m)[1];
    const question = title.replace(/_j\b/g, "").replaceAll("|", "\\|");
    assert.ok(
      readme.includes(`[${name.slice(0, 2)}](notebooks/${name}) | **${question}** |`),
      `${name}: ${title}`,
    );
    assert.ok(existsSync(`docs/chapters/${name.slice(0, 2)}.png`), name);
  }
});

test("each message that environment.md explains is one that a source prints", () => {
  const sources = ["setup", "src", "test"].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => /\.(mjs|ts|py)$/.test(name) && !/test\.|\bdist\b/.test(name))
      .map((name) => read(join(folder, name))),
  );
  const rows = read("environment.md")
    .split("## Messages")[1]
    .matchAll(/^\| `([^`]+)` \|/gm);
  for (const [, message] of rows)
    for (const part of message
      .replaceAll("\\|", "|")
      .split(/…/)
      .filter((piece) => piece.trim().length > 5))
      assert.ok(
        sources.some((source) => source.includes(part.trim())),
        `${message}: "${part.trim()}"`,
      );
});
