/** Contents that a page carries, and files beside it. */

/** Bytes that the page's own text packs, by the exporter's `static/parts.js`. */
const unpacked = async (element: HTMLElement): Promise<Uint8Array> => {
  const { unpacked } = globalThis as unknown as { unpacked(element: HTMLElement): Response };
  return new Uint8Array(await unpacked(element).arrayBuffer());
};

/** Bytes that a script beside the page packs: gzip in base64. */
async function unpackedBeside(text: string): Promise<Uint8Array> {
  const binary = atob(text);
  const packed = new Uint8Array(binary.length);
  for (let i = 0; i < packed.length; i++) packed[i] = binary.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export const hasPart = (id: string): boolean => document.getElementById(id) !== null;

/** A part of the page. Throws where it has none of that name. */
export async function part(id: string): Promise<Uint8Array> {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page must carry the part "${id}", found none; build it again`);
  return unpacked(element);
}

/** Runs a script in the page; an inline script is what its policy allows. */
export function runScript(bytes: Uint8Array): void {
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(bytes);
  document.head.append(script);
  script.remove();
}

/** Files that scripts beside the page leave, by their paths in the repository: gzip in base64. */
function beside(): Record<string, string> {
  const scope = globalThis as { pageFiles?: Record<string, string> };
  scope.pageFiles ??= {};
  return scope.pageFiles;
}

const split = (folder: string, name: string): string[] => [
  `data/${folder}/${name}-images-idx3-ubyte`,
  `data/${folder}/${name}-labels-idx1-ubyte`,
];

/** The scripts that may lie beside a page, and what they hold; no other name is ever asked for. */
const BESIDE: Record<string, readonly string[]> = {
  "mnist.js": [...split("mnist", "train"), ...split("mnist", "t10k")],
  "fashion-mnist.js": split("fashion-mnist", "t10k"),
  "weights.js": ["data/weights/two-numbers.safetensors"],
  "formulas.js": ["src/page/dist/browser/formulas.js"],
  "types.js": ["src/page/dist/browser/types.js", "src/page/dist/browser/types.json"],
};

/** The element of a file that the page carries. */
const carried = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("script.file")];

/** The paths of all files that a cell may read. */
export const filePaths = (): string[] =>
  [...carried().map(({ dataset }) => dataset.path!), ...Object.values(BESIDE).flat()].filter(
    (path) => path.startsWith("data/"),
  );

/** Loads a script that lies beside the page; file:// allows it where a request would be refused. */
function load(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    const end = (loaded: boolean) => () => {
      script.remove();
      resolve(loaded);
    };
    script.onload = end(true);
    script.onerror = end(false);
    script.src = url;
    document.head.append(script);
  });
}

/** Thrown where a file beside the page is not there. */
export class MissingFile extends Error {
  constructor(readonly file: string) {
    super(`${file} must lie beside this page, found none`);
  }
}

/** Bytes of a file in the page or in a script beside it; the script's text is dropped. */
export async function fileBytes(path: string): Promise<Uint8Array> {
  const own = carried().find(({ dataset }) => dataset.path === path);
  if (own) return unpacked(own);
  const file = Object.keys(BESIDE).find((name) => BESIDE[name]!.includes(path));
  if (!file) throw new Error(`${path} must be a file that the page carries, got none`);
  if (!beside()[path]) await load(file);
  const text = beside()[path];
  if (!text) throw new MissingFile(file);
  delete beside()[path];
  return unpackedBeside(text);
}

/** Loads a script picked by the reader; false if it is no script that belongs beside the page. */
export async function takePicked(picked: File, file: string): Promise<boolean> {
  const url = URL.createObjectURL(new Blob([picked], { type: "text/javascript" }));
  await load(url);
  URL.revokeObjectURL(url);
  return BESIDE[file]!.some((path) => path in beside());
}
