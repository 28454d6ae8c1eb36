/** The page as its file has it, kept before scripts change it, so that Save writes it again. */

interface Stills {
  /** Markup of live figures as it was parsed, before their scripts ran. */
  stills: WeakMap<Element, string>;
  observer: MutationObserver;
}
const scope = globalThis as { pageStills?: Stills };

const LIVE = ".ae-live";

/**
 * Keeps what live figures look like without scripts; called in the head, before any of them is
 * parsed.
 */
export function watchStills(): void {
  const stills = new WeakMap<Element, string>();
  const note = (node: Node): void => {
    if (!(node instanceof Element)) return;
    const found = node.matches(LIVE) ? [node] : node.querySelectorAll(LIVE);
    for (const live of found) if (!stills.has(live)) stills.set(live, live.outerHTML);
  };
  // Its callback runs between the end of an element and the script after it.
  const observer = new MutationObserver((records) => {
    for (const { addedNodes } of records) addedNodes.forEach(note);
  });
  observer.observe(document, { childList: true, subtree: true });
  scope.pageStills = { stills, observer };
}

/** Takes away what scripts in the head do to the page before it is read. */
function undress(page: HTMLElement): void {
  page.removeAttribute("data-theme");
  page.querySelector("body")!.removeAttribute("data-jp-theme-light");
  for (const frame of page.querySelectorAll("iframe.isolated")) {
    frame.removeAttribute("style");
    frame.removeAttribute("data-changes");
  }
  for (const note of page.querySelectorAll(".unshown")) note.remove();
}

/**
 * A copy of the page as it was parsed so far, without what scripts did to it.
 *
 * Called by a script of the page; the scripts that follow it are added once they are parsed.
 */
export function originalPage(): HTMLElement {
  const script = document.currentScript!;
  const { stills, observer } = scope.pageStills ?? {};
  observer?.disconnect();
  const page = document.documentElement.cloneNode(true) as HTMLElement;
  const copies = [...page.querySelectorAll(LIVE)];
  for (const [i, live] of document.querySelectorAll(LIVE).entries()) {
    const template = document.createElement("template");
    template.innerHTML = stills?.get(live) ?? "";
    if (template.content.firstElementChild) copies[i]!.replaceWith(template.content);
  }
  undress(page);
  addEventListener("DOMContentLoaded", () => {
    for (let next = script.nextElementSibling; next; next = next.nextElementSibling)
      if (next instanceof HTMLScriptElement)
        page.querySelector("body")!.append(next.cloneNode(true), "\n");
  });
  return page;
}
