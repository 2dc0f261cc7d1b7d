/** What the reader has selected. */

/** Whether the reader has selected text in an element: it must then neither scroll away nor be replaced. */
export function holdsSelection(box: Element): boolean {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed) return false;
  return selection.containsNode(box, true);
}
