// The steps that download, with the real npm and the real pip, from a registry and an index on
// loopback that hold one package each.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, request as forward } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { download } from "./data.mjs";
import { proxyHasExceptions, proxyProblem } from "./network.mjs";
import { npmCall } from "./npm.mjs";
import { python, systemPython } from "./python.mjs";

const folder = mkdtempSync(join(tmpdir(), "downloads é 字 "));
const address = (server) => `http://127.0.0.1:${server.address().port}`;
const hash = (kind, path, form) => createHash(kind).update(readFileSync(path)).digest(form);

/** The package "tiny" 1.0.0, as npm's archive and as a wheel. */
function makePackages() {
  const source = join(folder, "tiny");
  mkdirSync(source);
  // Its script leaves a file in the project, if scripts run.
  const scripts = { install: "touch ../../ran" };
  const manifest = { name: "tiny", version: "1.0.0", scripts };
  writeFileSync(join(source, "package.json"), JSON.stringify(manifest));
  const { program, args, ...how } = npmCall(["pack", source, "--pack-destination", folder], {
    ...process.env,
    npm_config_cache: join(folder, "cache"),
  });
  spawnSync(program, args, how);
  const wheel = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    info = "tiny-1.0.0.dist-info/"
    z.writestr("tiny.py", "there = True")
    z.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0.0\\n")
    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr(info + "RECORD", "".join(f"{name},,\\n" for name in ["tiny.py", *(info + n for n in ("METADATA", "WHEEL", "RECORD"))]))`;
  spawnSync(systemPython(), ["-c", wheel, join(folder, wheelName)]);
}
const wheelName = "tiny-1.0.0-py3-none-any.whl";
const archive = join(folder, "tiny-1.0.0.tgz");

const registry = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://here");
  const dist = {
    tarball: `${address(registry)}/tiny/-/tiny-1.0.0.tgz`,
    integrity: `sha512-${hash("sha512", archive, "base64")}`,
  };
  const answers = {
    "/tiny": () =>
      JSON.stringify({
        name: "tiny",
        versions: { "1.0.0": { name: "tiny", version: "1.0.0", dist } },
      }),
    "/tiny/-/tiny-1.0.0.tgz": () => readFileSync(archive),
    "/simple/tiny/": () => `<a href="/${wheelName}">${wheelName}</a>`,
    [`/${wheelName}`]: () => readFileSync(join(folder, wheelName)),
  };
  const answer = answers[pathname];
  response.writeHead(answer ? 200 : 404, {
    "content-type": pathname.startsWith("/simple") ? "text/html" : "application/json",
  });
  response.end(answer?.());
});

/** A forward proxy that lets all through, or wants a password first. */
let password = false;
const forwarded = [];
const proxy = createServer((request, response) => {
  forwarded.push(request.url);
  if (password && !request.headers["proxy-authorization"]) return response.writeHead(407).end();
  request.pipe(
    forward(request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }),
  );
});
proxy.on("connect", (request, socket) => {
  const known =
    request.headers["proxy-authorization"] ===
    `Basic ${Buffer.from("anne:a b").toString("base64")}`;
  socket.end(
    `HTTP/1.1 ${password && !known ? "407 Proxy Authentication Required" : "403 Forbidden"}\r\n\r\n`,
  );
});

before(async () => {
  makePackages();
  for (const server of [registry, proxy]) await once(server.listen(0, "127.0.0.1"), "listening");
});
after(() => {
  for (const server of [registry, proxy]) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
});

/**
 * Run steps in a new project that depends on tiny, with a small environment; answers what was said,
 * and the project.
 */
async function setUpThere(name, calls, given) {
  const project = join(folder, name);
  mkdirSync(project);
  const manifest = { name: "project", version: "1.0.0", devDependencies: { tiny: "1.0.0" } };
  const integrity = `sha512-${hash("sha512", archive, "base64")}`;
  const packages = {
    "": manifest,
    "node_modules/tiny": { version: "1.0.0", integrity, dev: true, hasInstallScript: true },
  };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  writeFileSync(
    join(project, "package-lock.json"),
    JSON.stringify({ ...manifest, lockfileVersion: 3, packages }),
  );
  writeFileSync(
    join(project, "r.txt"),
    `tiny==1.0.0 --hash=sha256:${hash("sha256", join(folder, wheelName), "hex")}\n`,
  );
  cpSync(".npmrc", join(project, ".npmrc"));
  const at = (module) => JSON.stringify(new URL(module, import.meta.url).href);
  const script = `import { ensureWritableFolders } from ${at("./disk.mjs")};
    import { cleanEnvironment } from ${at("./environment.mjs")};
    import { installNode } from ${at("./npm.mjs")};
    import { makeVenv } from ${at("./python.mjs")};
    import { runSteps } from ${at("./steps.mjs")};
    cleanEnvironment();
    ensureWritableFolders();
    const step = { name: "packages", key: () => "1", downloads: () => true, run: async () => { ${calls} } };
    await runSteps([step]).catch((error) => console.log(error.message));`;
  const { PATH, npm_execpath } = process.env;
  const env = {
    PATH,
    ...(npm_execpath && { npm_execpath }),
    npm_config_registry: address(registry),
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: `${address(registry)}/simple/`,
    ...given,
  };
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: project,
    env,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  await once(child, "close");
  return { said, has: (path) => existsSync(join(project, path)) };
}

const nowhere = "/dev/null/nowhere"; // no user can write below a device, root included

for (const [title, given] of [
  ["no HOME", {}],
  ["an empty HOME", { HOME: "" }],
  ["a HOME that cannot be written", { HOME: nowhere }],
])
  test(`node packages are installed with ${title}, in a folder with spaces and other letters`, async () => {
    const npm = await setUpThere(`node, ${title}`, "await installNode();", {
      ...given,
      ...(!given.HOME && { npm_config_cache: join(folder, "a cache") }), // not the one of the user who tests
    });
    assert.match(npm.said, /^set-up: packages … [\d.]+ s\n$/);
    assert.ok(npm.has("node_modules/tiny/package.json"));
    assert.equal(npm.has(".cache/npm/_cacache"), given.HOME === nowhere);
    assert.equal(npm.has("~"), false);
  });

test("python packages are installed with neither HOME nor temporary folder that can be written, and nothing temporary stays", async () => {
  const pip = await setUpThere("python", 'await makeVenv(".venv", "r.txt");', {
    HOME: nowhere,
    TMPDIR: nowhere,
  });
  assert.match(pip.said, /^set-up: packages … [\d.]+ s\n$/);
  const there = spawnSync(
    join(folder, "python", python),
    ["-c", "import tiny; print(tiny.there)"],
    {
      encoding: "utf8",
    },
  );
  assert.equal(there.stdout, "True\n");
  assert.equal(pip.has(".cache/setup.tmp"), false);
});

/** Environments of people's shells, servers and images that change what npm and pip do. */
const bent = {
  NODE_ENV: "production",
  npm_config_omit: "dev",
  NPM_CONFIG_PRODUCTION: "true",
  npm_config_ignore_scripts: "false",
  npm_config_global: "true",
  npm_config_dry_run: "true",
  npm_config_install_links: "true",
  npm_config_bin_links: "false",
  npm_config_package_lock_only: "true",
  PYTHONPATH: "/dev/null/elsewhere",
  PYTHONHOME: "/dev/null/elsewhere",
  PYTHONINSPECT: "1",
  PYTHONWARNINGS: "error",
  PIP_USER: "1",
  PIP_TARGET: "elsewhere",
  PIP_PREFIX: "elsewhere",
  PIP_DRY_RUN: "1",
  PIP_NO_DEPS: "1",
  PIP_NO_BINARY: ":all:",
  PIP_PLATFORM: "win32",
  PIP_REQUIRE_VIRTUALENV: "1",
  CONDA_PREFIX: "/opt/conda",
  VIRTUAL_ENV: "/opt/venv",
};

test("a shell for production, ROS, JupyterHub or conda changes nothing of what is installed", async () => {
  const calls = 'await installNode(); await makeVenv(".venv", "r.txt");';
  const there = await setUpThere("bent", calls, {
    ...bent,
    HOME: nowhere,
  });
  assert.match(there.said, /^set-up: packages … [\d.]+ s\n$/);
  assert.ok(there.has("node_modules/tiny/package.json"));
  assert.equal(there.has("ran"), false, "a package's script ran");
  assert.ok(readdirSync(join(folder, "bent", ".venv/lib")).length > 0);
  const found = spawnSync(join(folder, "bent", python), ["-c", "import tiny; print(tiny.there)"]);
  assert.equal(String(found.stdout), "True\n");
});

test("node packages are installed through a proxy that HTTP_PROXY names", async () => {
  const npm = await setUpThere("through a proxy", "await installNode();", {
    HOME: nowhere,
    HTTP_PROXY: address(proxy),
  });
  assert.ok(npm.has("node_modules/tiny/package.json"), npm.said);
  assert.ok(forwarded.some((url) => url.endsWith("tiny-1.0.0.tgz")));
});

test("a data set is downloaded through a proxy, and a file that is not there is said to be so", async (t) => {
  if (!existsSync(python)) return t.skip("needs the python packages of set-up");
  const { HTTP_PROXY, NO_PROXY, no_proxy } = process.env;
  Object.assign(process.env, { HTTP_PROXY: address(proxy), NO_PROXY: "", no_proxy: "" });
  try {
    const wheel = await download(`${address(registry)}/${wheelName}`, join(folder, "data"));
    assert.deepEqual(wheel, readFileSync(join(folder, wheelName)));
    assert.ok(forwarded.some((url) => url.endsWith(wheelName)));
    await assert.rejects(
      download(`${address(registry)}/gone`, join(folder, "data")),
      /^Error: 127.* did not give it$/,
    );
  } finally {
    for (const [name, value] of Object.entries({ HTTP_PROXY, NO_PROXY, no_proxy }))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
});

test("a proxy that wants a password, or is not there, stops a step before it begins, and no password is shown", async () => {
  password = true;
  const wants = await setUpThere("407", "await installNode();", {
    HOME: nowhere,
    HTTP_PROXY: address(proxy),
  });
  assert.match(
    wants.said,
    /^packages: the proxy of HTTP_PROXY, http:\/\/127\.0\.0\.1:\d+, must let set-up through, got 407 .*set HTTP_PROXY=/,
  );
  const env = { HTTPS_PROXY: address(proxy).replace("//", "//anne:secret@") };
  assert.doesNotMatch(await proxyProblem({ env }), /secret/);
  assert.equal(
    await proxyProblem({ env: { HTTPS_PROXY: address(proxy).replace("//", "//anne:a%20b@") } }),
    undefined,
  );
  const gone = await setUpThere("gone", "await installNode();", {
    HOME: nowhere,
    HTTPS_PROXY: "http://127.0.0.1:9",
  });
  assert.match(
    gone.said,
    /^packages: the proxy of HTTPS_PROXY, http:\/\/127\.0\.0\.1:9, must answer, got ECONNREFUSED; start it, correct/,
  );
  password = false;
});

test("a proxy that is reached and hangs up, or says nothing, is not judged: it may only not reach what is asked for", async () => {
  const mute = createServer();
  const rude = createServer();
  rude.on("connect", (_request, socket) => socket.destroy());
  mute.on("connect", () => {});
  for (const server of [mute, rude]) {
    await once(server.listen(0, "127.0.0.1"), "listening");
    assert.equal(
      await proxyProblem({ env: { HTTPS_PROXY: address(server) }, patience: 200 }),
      undefined,
    );
    server.close();
    server.closeAllConnections();
  }
});

test("without a proxy nothing is asked; one with exceptions for other machines is asked only after a failure", async () => {
  assert.equal(await proxyProblem({ env: {} }), undefined);
  assert.equal(proxyHasExceptions({ NO_PROXY: "localhost,127.0.0.1, ::1" }), false);
  assert.equal(proxyHasExceptions({ no_proxy: "localhost,.university.example" }), true);
  const failed = await setUpThere("fails", "throw new Error('broke');", {
    HTTPS_PROXY: "http://127.0.0.1:9",
    NO_PROXY: "*",
  });
  assert.match(failed.said, /packages: the proxy of HTTPS_PROXY, .* got ECONNREFUSED; .*\nbroke/s);
});
