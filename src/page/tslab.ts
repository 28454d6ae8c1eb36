import { Buffer } from "buffer";

type Publish = (
  bundle: Record<string, unknown>,
  options?: { display_id?: string; update?: boolean },
) => void;

const KINDS = {
  javascript: "text/javascript",
  html: "text/html",
  markdown: "text/markdown",
  latex: "text/latex",
  svg: "image/svg+xml",
  png: "image/png",
  jpeg: "image/jpeg",
  gif: "image/gif",
  pdf: "application/pdf",
  text: "text/plain",
};
type Content = string | Uint8Array;

/** The module `tslab`, by which notebooks of its kernel show HTML, pictures and text. */
export function tslabOf(publish: Publish): object {
  const displayOf = (display_id?: string) => {
    let update = false;
    const raw = (kind: string, content: Content): void => {
      const text = typeof content === "string" ? content : Buffer.from(content).toString("base64");
      publish({ [kind]: text }, display_id === undefined ? {} : { display_id, update });
      update = true;
    };
    const named = Object.entries(KINDS).map(([name, kind]) => [
      name,
      (content: Content) => raw(kind, content),
    ]);
    return { ...Object.fromEntries(named), raw };
  };
  let displays = 0;
  return { display: displayOf(), newDisplay: () => displayOf(`tslab-${++displays}`) };
}
