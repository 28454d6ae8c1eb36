/** What a page carries packed, `<script type="text/plain" id="…">`: gzip in base64; and files beside it. */

/** The bytes of text in base64, unpacked. */
async function unpacked(text: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A part of the page. Throws where it has none of that name. */
export async function part(id: string): Promise<Uint8Array> {
  const text = document.getElementById(id)?.textContent;
  if (!text) throw new Error(`the page must carry the part "${id}", found none; build it again`);
  return unpacked(text);
}

/** Runs a part as a script of the page; an inline script is what its policy allows. */
export async function runPart(id: string): Promise<void> {
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(await part(id));
  document.head.append(script);
  script.remove();
}

/** Files that scripts beside the page leave, by name: gzip in base64. */
const beside = (): Record<string, string> => {
  const scope = globalThis as { pageFiles?: Record<string, string> };
  scope.pageFiles ??= {};
  return scope.pageFiles;
};

/** The scripts that may lie beside a page, and what they hold; no other name is ever asked for. */
export const BESIDE = {
  "mnist.js": ["mnist/train", "mnist/t10k"],
  "fashion-mnist.js": ["fashion-mnist/t10k"],
} as const;

export type BesideName = keyof typeof BESIDE;

/** Loads a script that lies beside the page; file:// allows it where a request would be refused. */
function load(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(true);
    script.onerror = () => resolve(false);
    document.head.append(script);
    script.remove();
  });
}

/** Thrown where a file beside the page is not there. */
export class MissingFile extends Error {
  constructor(readonly file: BesideName) {
    super(`${file} must lie beside this page, found none`);
  }
}

/** The packed bytes of one file, taken from what the page carries or from a script beside it; each is given out once. */
export async function packedFile(name: string): Promise<Uint8Array> {
  const own = document.getElementById(`file-${name.replace("/", "-")}`)?.textContent;
  if (own) return unpacked(own);
  const file = (Object.keys(BESIDE) as BesideName[]).find((one) =>
    (BESIDE[one] as readonly string[]).includes(name),
  );
  if (!file) throw new Error(`"${name}" is no file that a page may have beside it`);
  if (!beside()[name] && !(await load(file))) throw new MissingFile(file);
  const text = beside()[name];
  if (!text) throw new MissingFile(file);
  delete beside()[name];
  return unpacked(text);
}

/** Takes up a script that the reader picked from the disk. */
export async function takePicked(file: File): Promise<boolean> {
  const url = URL.createObjectURL(new Blob([file], { type: "text/javascript" }));
  const loaded = await load(url);
  URL.revokeObjectURL(url);
  return loaded;
}
