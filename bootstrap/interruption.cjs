// @ts-check
// Detects when to stop: Ctrl-C, a signal, or the end of the npm that started us. The first interruption requests an orderly stop, a
// second one an immediate stop.

/** npm forwards a Ctrl-C that the terminal has already delivered; no person presses twice within this time. */
const SAME_PRESS_MS = 400;
const POLL_MS = 500;
/** The exit code of a program that was ended by SIGINT. */
const INTERRUPTED = 130;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @param {{endsWithOutput?: boolean}} [options] `endsWithOutput`: stop when stdout is closed, as by `| head`
 */
function listenForInterruption({ endsWithOutput = false } = {}) {
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
  for (const name of SIGNALS) process.on(name, interrupt);
  process.stdout.on('error', () => endsWithOutput && controller.abort());
  process.stderr.on('error', () => undefined);
  const stopWatching = watchNpm(() => controller.abort());
  return {
    /** Aborted by the first interruption. */
    signal: controller.signal,
    /** @param {() => void} action what a second interruption does */
    onSecond(action) {
      onSecond = action;
    },
    /** Stops handling signals. */
    close() {
      stopWatching();
      for (const name of SIGNALS) process.off(name, interrupt);
    },
  };
}

/**
 * npm runs us in a shell that dies from a SIGTERM sent to npm without forwarding it.
 * @param {() => void} onEnd
 */
function watchNpm(onEnd) {
  if (!process.env.npm_lifecycle_event) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onEnd();
  }, POLL_MS).unref();
  return () => clearInterval(timer);
}

module.exports = { INTERRUPTED, listenForInterruption };
