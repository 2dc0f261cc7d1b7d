/** Scrolls a container sideways, and nothing else on the page, so far that an element in it can be seen. */

/** Space that stays visible beside the element, pixels. */
const MARGIN = 24;

export function scrollSideways(container: HTMLElement | null, selector: string): void {
  const element = container?.querySelector(selector);
  if (!container || !element) return;
  const [around, inside] = [container.getBoundingClientRect(), element.getBoundingClientRect()];
  const [left, right] = [inside.left - MARGIN - around.left, inside.right + MARGIN - around.right];
  if (left < 0) container.scrollLeft += left;
  else if (right > 0) container.scrollLeft += right;
}
