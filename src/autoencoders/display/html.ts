import { escapeHtml } from "../plot/markup";
import { type Displayable, displayable } from "./show";

/** A piece of HTML, shown as it is. */
export const html = (markup: string, plain = "HTML"): Displayable =>
  displayable({ "text/html": markup, "text/plain": plain });

/** A drawing with a caption below it; `alt` says in words what it shows. */
export const svg = (
  markup: string,
  { caption, alt }: { caption: string; alt: string },
): Displayable =>
  html(
    `<figure role="img" aria-label="${escapeHtml(alt)}">${markup}<figcaption class="ae-caption">${escapeHtml(caption)}</figcaption></figure>`,
    caption,
  );
