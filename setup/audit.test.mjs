import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { advisoriesOf, nodeAdvisories, report } from "./audit.mjs";
import { Skip } from "./run-stages.mjs";

/** A project with one package, `bad` 1.2.3, and a registry on loopback that knows an advisory on it. */
const folder = mkdtempSync(join(tmpdir(), "audit é "));
const project = { name: "project", version: "1.0.0", dependencies: { bad: "1.2.3" } };
writeFileSync(join(folder, "package.json"), JSON.stringify(project));
writeFileSync(
  join(folder, "package-lock.json"),
  JSON.stringify({
    ...project,
    lockfileVersion: 3,
    packages: { "": project, "node_modules/bad": { version: "1.2.3" } },
  }),
);
const known = { id: 1, url: "https://example.org/GHSA-aaaa-bbbb-cccc", title: "It runs away", severity: "high" };
let knows = { bad: [{ ...known, vulnerable_versions: "<2.0.0" }] };
let asked;
const registry = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    if (request.method !== "POST") return response.writeHead(404).end("{}");
    const body = Buffer.concat(chunks);
    asked = JSON.parse(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
    if (!knows) return response.writeHead(405).end();
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(knows));
  });
});
before(() => new Promise((listening) => registry.listen(0, "127.0.0.1", listening)));
after(() => {
  registry.close();
  rmSync(folder, { recursive: true });
});

const advisories = () =>
  nodeAdvisories(folder, {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${registry.address().port}/`,
    npm_config_cache: join(folder, "cache"),
  });

test("an advisory fails, one with an exception passes, and an exception without an advisory fails", async () => {
  const found = await advisories();
  assert.deepEqual(asked, { bad: ["1.2.3"] });
  assert.deepEqual(found, [{ package: "bad", id: "GHSA-aaaa-bbbb-cccc", severity: "high", title: "It runs away" }]);
  const exception = { package: "bad", why: "its code is never loaded" };
  assert.equal(report(found, []), 1);
  assert.equal(report(found, [exception]), 0);
  assert.equal(report(found, [exception, { package: "gone", why: "once needed" }]), 1);

  knows = { bad: [{ ...known, vulnerable_versions: "<1.0.0" }] };
  const none = await advisories();
  assert.deepEqual(none, []);
  assert.equal(report(none, []), 0);
  assert.equal(report(none, [exception]), 1);
});

test("a registry that does not answer is said to be not reachable, and nothing is said of the packages", async () => {
  knows = undefined;
  await assert.rejects(advisories, (error) => error instanceof Skip && /^not reachable: .*405/.test(error.message));
  rmSync(join(folder, "package-lock.json"));
  await assert.rejects(advisories, /package-lock\.json.*lockfile/);
});

test("pip-audit's advisories are read, and a package that it could not look up is not taken for a sound one", () => {
  const sound = { name: "sound", version: "1", vulns: [] };
  const bad = {
    name: "bad",
    version: "1",
    vulns: [{ id: "PYSEC-1", fix_versions: ["2"], description: "It runs.\nFar." }],
  };
  assert.deepEqual(advisoriesOf({ dependencies: [sound, bad] }), [
    { package: "bad", id: "PYSEC-1", title: "It runs." },
  ]);
  const skipped = { name: "far", skip_reason: "Dependency not found on PyPI" };
  assert.throws(() => advisoriesOf({ dependencies: [sound, skipped] }), Skip);
});

test("an exception says why, and what it excepts is in a lock file", () => {
  assert.throws(() => report([], [{ package: "bad", why: " " }]), /an exception must be \{ package, why \}/);
  const { node, python } = JSON.parse(readFileSync("setup/audit-exceptions.json", "utf8"));
  const lock = readFileSync("package-lock.json", "utf8");
  for (const { package: name, why } of node) assert.ok(why && lock.includes(`node_modules/${name}"`), name);
  const pinned = readFileSync("setup/requirements.txt", "utf8");
  for (const { package: name, why } of python) assert.ok(why && pinned.includes(`\n${name}==`), name);
});
