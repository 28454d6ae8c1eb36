/** Text escaped for HTML, in an element or between quotes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Words that every figure has. */
export interface Captioned {
  caption: string;
  /** Says in words what the figure shows. */
  alt?: string;
}

/** Throws unless a figure has a caption that says how to `use` it. */
export function requireCaption(caption: string, use: "read" | "use"): void {
  if (typeof caption !== "string" || caption.trim() === "")
    throw new TypeError(
      `caption must be a sentence that says how to ${use} the figure, got none; give { caption }`,
    );
}

/** Style of a figure's caption without a page's style sheet. */
export const captionStyle = "max-width:68ch;margin:0 0 1em;font-size:.92em;opacity:.8";
