/** Waits for a promise with a time limit. */

/** The value, or undefined if it does not arrive in time. A later rejection is ignored. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    // the extra immediate lets a value win that arrived while the event loop was busy
    timer = setTimeout(() => setImmediate(() => resolve(undefined)), ms).unref();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => undefined);
  }
}
