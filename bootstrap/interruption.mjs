// @ts-check
// When to stop: Ctrl-C, a signal, or the end of the npm that started us. The first asks for an orderly end, a second
// for an end at once.

/** npm passes a Ctrl-C on that the terminal has already delivered; no person presses twice within this time. */
const SAME_PRESS_MS = 400;
const LOOK_EVERY_MS = 500;
export const INTERRUPTED = 130;

/** @typedef {ReturnType<typeof listenForInterruption>} Interruption */

/**
 * @param {boolean} endsWithOutput whether a closed stdout (`| head`) means that nobody wants the rest
 */
export function listenForInterruption(endsWithOutput) {
  const controller = new AbortController();
  /** @type {() => void} */
  let onSecond = () => process.exit(INTERRUPTED);
  let firstAt = 0;
  const interrupt = () => {
    if (!controller.signal.aborted) {
      firstAt = Date.now();
      controller.abort();
    } else if (Date.now() - firstAt > SAME_PRESS_MS) onSecond();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, interrupt);
  process.stdout.on('error', () => endsWithOutput && controller.abort());
  process.stderr.on('error', () => undefined);
  watchNpm(() => controller.abort());
  return {
    /** Aborted by the first interruption. */
    signal: controller.signal,
    /** @param {() => void} action what a second one does */
    onSecond(action) {
      onSecond = action;
    },
  };
}

/**
 * npm runs us in a shell that dies of a SIGTERM to npm without passing it on.
 * @param {() => void} onEnd
 */
function watchNpm(onEnd) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, LOOK_EVERY_MS).unref();
}
