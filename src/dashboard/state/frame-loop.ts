/** Work that is done at most once per animation frame, however many events ask for it. */
const due = new Set<() => void>();
let asked = false;

/** Calls the function in the next frame; asking again before then changes nothing. */
export function inNextFrame(work: () => void): void {
  due.add(work);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const now = [...due];
    due.clear();
    for (const one of now) one();
  });
}
