/** Measures the total time, in workflow time, during which at least one of several operations was running. */
export class Stopwatch {
  private underWay = 0;
  private since = 0;
  private before = 0;

  /** Returns the same promise, so that the measurement does not delay the caller: a replay needs the same order of events. */
  until<T>(work: Promise<T>): Promise<T> {
    if (this.underWay++ === 0) this.since = Date.now();
    const stop = () => {
      if (--this.underWay === 0) this.before += Date.now() - this.since;
    };
    work.then(stop, stop);
    return work;
  }

  get isRunning(): boolean {
    return this.underWay > 0;
  }

  get ms(): number {
    return this.before + (this.isRunning ? Date.now() - this.since : 0);
  }
}
