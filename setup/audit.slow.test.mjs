import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Skip } from "../test/run-stages.mjs";
import {
  advisoriesOf,
  auditor,
  auditStages,
  nodeAdvisories,
  pythonAdvisories,
  report,
} from "./audit.mjs";
import { commands } from "./commands.mjs";

/**
 * A project with one package, `bad` 1.2.3, and a registry on loopback that knows an advisory on it.
 */
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
const known = {
  id: 1,
  url: "https://example.org/GHSA-aaaa-bbbb-cccc",
  title: "It runs away",
  severity: "high",
};
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
  assert.deepEqual(found, [
    {
      package: "bad",
      versions: ["1.2.3"],
      id: "GHSA-aaaa-bbbb-cccc",
      severity: "high",
      title: "It runs away",
    },
  ]);
  const exception = { package: "bad", version: "1.2.3", why: "its code is never loaded" };
  assert.match(report(found, []), /unexcepted/);
  assert.equal(report(found, [exception]), undefined);
  assert.match(
    report(found, [exception, { package: "gone", version: "1.0.0", why: "once needed" }]),
    /unexcepted/,
  );
  assert.match(report(found, [{ ...exception, version: "1.2.2" }]), /unexcepted/);

  knows = { bad: [{ ...known, vulnerable_versions: "<1.0.0" }] };
  const none = await advisories();
  assert.deepEqual(none, []);
  assert.equal(report(none, []), undefined);
  assert.match(report(none, [exception]), /unexcepted/);
});

test("a registry that does not answer is said to be not reachable, and nothing is said of the packages", async () => {
  knows = undefined;
  await assert.rejects(
    advisories,
    (error) => error instanceof Skip && /^not reachable: .*405/.test(error.message),
  );
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
    { package: "bad", versions: ["1"], id: "PYSEC-1", title: "It runs." },
  ]);
  const skipped = { name: "far", skip_reason: "Dependency not found on PyPI" };
  assert.throws(() => advisoriesOf({ dependencies: [sound, skipped] }), Skip);
});

test("an advisory on two locked versions is covered only if both are excepted", () => {
  const advisory = {
    package: "bad",
    versions: ["1.0.0", "2.0.0"],
    id: "GHSA-1",
    title: "It runs away",
  };
  const [one, two] = advisory.versions.map((version) => ({
    package: "bad",
    version,
    why: "never loaded",
  }));
  assert.match(report([advisory], [one]), /unexcepted/);
  assert.equal(report([advisory], [one, two]), undefined);
});

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
const exceptions = JSON.parse(readFileSync("setup/audit-exceptions.json", "utf8"));

test("an exception says why, and the version that it excepts is in a lock file", () => {
  assert.throws(
    () => report([], [{ package: "bad", version: "1", why: " " }]),
    /must be \{ package, version, why \}/,
  );
  const locked = Object.entries(lock).map(
    ([path, { version }]) => `${path.split("node_modules/").at(-1)} ${version}`,
  );
  for (const { package: name, version } of exceptions.node)
    assert.ok(locked.includes(`${name} ${version}`), name);
  const pinned = readFileSync("setup/requirements.txt", "utf8");
  for (const { package: name, version } of exceptions.python)
    assert.ok(pinned.includes(`\n${name}==${version} `), name);
});

/** A vulnerability service on loopback in OSV's form, which pip-audit can be told to ask. */
let pythonKnows = {};
const service = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const { package: asked } = JSON.parse(body);
    const vulns = pythonKnows[asked.name]?.map((id) => {
      const affected = [{ package: { name: asked.name, ecosystem: "PyPI" } }];
      return { id, summary: "It runs away", affected, modified: "2026-01-01T00:00:00Z" };
    });
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(vulns ? { vulns } : {}));
  });
});
before(() => new Promise((listening) => service.listen(0, "127.0.0.1", listening)));
after(() => {
  service.close();
  service.closeAllConnections();
});

const answersFrom = () => ({
  PIP_AUDIT_VULNERABILITY_SERVICE: "osv",
  PIP_AUDIT_OSV_URL: `http://127.0.0.1:${service.address().port}/v1/query`,
  npm_config_registry: `http://127.0.0.1:${registry.address().port}/`,
  npm_config_cache: join(folder, "cache"),
});

test("pip-audit's advisory on a pinned package fails, one with an exception passes, and none is none", async (t) => {
  const list = join(folder, "requirements.txt");
  writeFileSync(list, `bad==1.2.3 --hash=sha256:${"0".repeat(64)}\n`);
  pythonKnows = { bad: ["PYSEC-1"] };
  const env = { ...process.env, ...answersFrom() };
  const found = await pythonAdvisories(list, env).catch((error) => t.skip(error.message));
  if (!found) return; // pip-audit is not installed, and cannot be here
  assert.deepEqual(found, [
    { package: "bad", versions: ["1.2.3"], id: "PYSEC-1", title: "It runs away" },
  ]);
  assert.match(report(found, []), /unexcepted/);
  assert.equal(
    report(found, [{ package: "bad", version: "1.2.3", why: "never loaded" }]),
    undefined,
  );
  pythonKnows = {};
  assert.deepEqual(await pythonAdvisories(list, env), []);
});

test("npm run audit fails on an advisory without an exception; npm test warns of it", async (t) => {
  const excepted = Object.fromEntries(
    exceptions.node.map(({ package: name, version }) => [
      name,
      [{ ...known, vulnerable_versions: version }],
    ]),
  );
  if (!existsSync(auditor)) return t.skip("pip-audit could not be installed");
  const before = { ...process.env };
  Object.assign(process.env, answersFrom());
  const audit = async (node, python) => {
    [knows, pythonKnows] = [node, python];
    return commands.audit();
  };
  try {
    assert.equal(await audit(excepted, {}), 0);
    assert.equal(
      await audit({ ...excepted, zod: [{ ...known, vulnerable_versions: "*" }] }, {}),
      1,
    );
    assert.equal(await audit(excepted, { jupyterlab: ["PYSEC-2"] }), 1);
    for (const stage of auditStages({ strict: false })) {
      const answer = await stage.run();
      if (/Python/.test(stage.name)) assert.match(answer.note, /^WARNING: 1 advisories, 1 unexc/);
      else assert.equal(answer, 0);
    }
  } finally {
    for (const name of Object.keys(answersFrom()))
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  }
});
