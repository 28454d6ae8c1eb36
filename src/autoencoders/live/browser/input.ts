/** Calls `press` when the button with this `data-do` is pressed, where there is one. */
export const onPress = (root: ParentNode, action: string, press: () => void): void =>
  root.querySelector(`[data-do="${action}"]`)?.addEventListener("click", press);

/** Place of a pointer in shares of the element's width and height, from the top left. */
export function placeOfPointer(event: MouseEvent, element: Element): [u: number, v: number] {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [(event.clientX - left) / width, (event.clientY - top) / height];
}

/** Calls `follow` while a pointer is down; `isStart` is true where it went down. */
export function onDrag(
  element: HTMLElement,
  follow: (event: PointerEvent, isStart: boolean) => void,
): void {
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    follow(event, true);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.buttons) follow(event, false);
  });
}

const arrows: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Calls `press` with the way of an arrow key, or with none for one of `others`. */
export function onKeys(
  element: HTMLElement,
  others: readonly string[],
  press: (way: readonly [x: number, y: number] | undefined, event: KeyboardEvent) => void,
): void {
  element.addEventListener("keydown", (event) => {
    const way = arrows[event.key];
    if (!way && !others.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    press(way, event);
  });
}
