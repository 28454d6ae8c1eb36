/** Calls `draw` now and at every change of the element's width, with the width in CSS pixels. */
export function onWidth(element: Element, draw: (width: number) => void): void {
  let last = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    draw(width);
  }).observe(element);
}

/** Calls `redraw` when the page's theme may have changed. */
export function onTheme(redraw: () => void): void {
  const observer = new MutationObserver(redraw);
  for (const element of [document.documentElement, document.body])
    observer.observe(element, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

/** Puts `draw` off to the next frame, once however often it is called until then. */
export function onNextFrame(draw: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}
