/** Runs work at most once per animation frame, however many events request it. */
const due = new Set<() => void>();
let asked = false;

/** Calls the function in the next frame; repeated requests before that have no effect. */
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
