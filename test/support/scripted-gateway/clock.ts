/** The only clock of the simulator: epoch milliseconds with microsecond digits, so that stamps and log times can be compared. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
