/** The page as its file has it, kept before scripts change it, so that Save writes it again. */

/** Takes away what scripts in the head do to the page before it is read. */
function undress(page: HTMLElement): void {
  page.removeAttribute("data-theme");
  page.querySelector("body")!.removeAttribute("data-jp-theme-light");
  for (const frame of page.querySelectorAll("iframe.isolated")) {
    frame.removeAttribute("style");
    frame.removeAttribute("data-changes");
  }
  for (const note of page.querySelectorAll(".unshown[data-trouble]")) note.remove();
}

/**
 * A copy of the page as it was parsed so far, without what scripts did to it.
 *
 * Called by a script of the page, before live figures start; the scripts that follow it are added
 * once they are parsed.
 */
export function originalPage(): HTMLElement {
  const script = document.currentScript!;
  const page = document.documentElement.cloneNode(true) as HTMLElement;
  undress(page);
  addEventListener("DOMContentLoaded", () => {
    for (let next = script.nextElementSibling; next; next = next.nextElementSibling)
      if (next instanceof HTMLScriptElement)
        page.querySelector("body")!.append(next.cloneNode(true), "\n");
  });
  return page;
}
