/** Text escaped for HTML, in an element or between quotes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Style of a figure's caption without a page's style sheet. */
export const captionStyle = "max-width:68ch;margin:0 0 1em;font-size:.92em;opacity:.8";
