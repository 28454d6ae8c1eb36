// Known vulnerabilities of everything that set-up installs: warnings in `npm test`, since they
// appear without a commit, and failures in `npm run audit`.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Skip } from "../test/run-stages.mjs";
import { npmCall } from "./npm.mjs";
import { inVenv, makeVenv } from "./python.mjs";

const patience = 60_000;
const venv = ".cache/audit";
export const auditor = inVenv(venv, "pip-audit");
const pinned = "setup/audit-requirements.txt";

/** Output of an auditor, which exits with another code than 0 when it finds something. */
const printed = (program, args, options) =>
  new Promise((resolve) => {
    const how = { timeout: patience, maxBuffer: 2 ** 28, ...options };
    execFile(program, args, how, (_error, stdout, stderr) => resolve({ stdout, stderr }));
  });

function parsed({ stdout, stderr }, who) {
  try {
    return JSON.parse(stdout);
  } catch {
    const last = stderr.trim().split("\n").at(-1);
    throw new Skip(`not reachable: ${who} gave no answer (${last})`);
  }
}

/** Advisories of npm's registry on the lock file in `folder`. Skips when it does not answer. */
export async function nodeAdvisories(folder = ".", env = process.env) {
  const flags = "--json --package-lock-only --fetch-retries=0 --fetch-timeout=20000";
  const { program, args, ...how } = npmCall(["audit", ...flags.split(" ")], env);
  const report = parsed(await printed(program, args, { cwd: folder, ...how }), "npm audit");
  if (report.error?.code)
    throw new Error(`npm audit must read ${folder}/package-lock.json: ${report.error.summary}`);
  if (!report.vulnerabilities)
    throw new Skip(`not reachable: npm's registry answered "${report.message ?? "nothing"}"`);
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  // A package that is named only for what it depends on has that one's name in its `via`.
  return Object.values(report.vulnerabilities).flatMap(({ via, nodes }) => {
    const versions = [...new Set(nodes.map((path) => packages[path].version))].sort();
    const named = via.filter((one) => typeof one === "object");
    return named.map(({ name, title, url, severity }) => {
      return { package: name, versions, id: url.split("/").at(-1), severity, title };
    });
  });
}

/** Advisories in a report of pip-audit. Skips when it could not look up every package. */
export function advisoriesOf({ dependencies }) {
  const unasked = dependencies.filter((one) => one.skip_reason);
  if (unasked.length > 0)
    throw new Skip(
      `not reachable: ${unasked.length} of ${dependencies.length} packages got no answer (${unasked[0].skip_reason})`,
    );
  return dependencies.flatMap(({ name, version, vulns }) =>
    vulns.map(({ id, description }) => {
      const title = description.split("\n")[0].slice(0, 120);
      return { package: name, versions: [version], id, title };
    }),
  );
}

/** Advisories of the Python package index on a list, by a pip-audit of our own. */
export async function pythonAdvisories(list = "setup/requirements.txt", env = process.env) {
  if (!existsSync(auditor))
    await makeVenv(venv, pinned).catch(({ message }) => {
      const [said] = message.split("\n");
      throw new Skip(`not reachable: pip-audit could not be installed (${said})`);
    });
  const flags = "--disable-pip --require-hashes --format json --progress-spinner off";
  const answer = await printed(auditor, ["--requirement", list, ...flags.split(" ")], { env });
  return advisoriesOf(parsed(answer, "pip-audit"));
}

/** The exceptions for the versions of an advisory. */
const exceptionsFor = ({ package: name, versions }, exceptions) =>
  exceptions.filter((one) => one.package === name && versions.includes(one.version));

/** Advisories covered by exceptions in every locked version, open ones, and stale exceptions. */
export function judge(advisories, exceptions) {
  const covers = (advisory) =>
    exceptionsFor(advisory, exceptions).length === advisory.versions.length;
  const isUsed = (one) => advisories.some((advisory) => exceptionsFor(advisory, [one]).length > 0);
  return {
    open: advisories.filter((advisory) => !covers(advisory)),
    covered: advisories.filter(covers),
    stale: exceptions.filter((one) => !isUsed(one)),
  };
}

/** Print the verdict; returns a sentence when an advisory or an exception stands alone. */
export function report(advisories, exceptions) {
  for (const exception of exceptions)
    if (!exception.package || !exception.version || !exception.why?.trim())
      throw new TypeError(
        `an exception must be { package, version, why }, got ${JSON.stringify(exception)}`,
      );
  const { open, covered, stale } = judge(advisories, exceptions);
  const line = ({ package: name, versions, id, severity, title }) =>
    `${name} ${versions.join(" and ")}: ${id}${severity ? ` (${severity})` : ""}, ${title}`;
  const why = (advisory) => exceptionsFor(advisory, exceptions)[0].why;
  for (const advisory of covered) console.log(`excepted   ${line(advisory)}; ${why(advisory)}`);
  for (const advisory of open)
    console.log(
      `unexcepted ${line(advisory)}; update it, or say in setup/audit-exceptions.json why it cannot do harm here`,
    );
  for (const { package: name, version } of stale)
    console.log(
      `exception without an advisory: ${name} ${version}; take it out of setup/audit-exceptions.json`,
    );
  const counts = `${advisories.length} advisories, ${open.length} unexcepted; ${stale.length} exceptions without one`;
  console.log(counts);
  return open.length + stale.length === 0 ? undefined : counts;
}

const exceptions = () => JSON.parse(readFileSync(join("setup", "audit-exceptions.json"), "utf8"));

/** Stages that ask both registries; an advisory without an exception fails only when `strict`. */
export const auditStages = ({ strict }) => {
  const stage = (name, advisories) => ({
    name: `known vulnerabilities, ${name}`,
    needed: strict,
    run: async () => {
      const problem = report(await advisories(), exceptions()[name.toLowerCase()]);
      if (!problem) return 0;
      return strict ? 1 : { code: 0, note: `WARNING: ${problem}; npm run audit lists them` };
    },
  });
  return [stage("Node", nodeAdvisories), stage("Python", pythonAdvisories)];
};
