/** Measures for how long anything of several has been under way, in the workflow's time. */
export class Stopwatch {
  private underWay = 0;
  private since = 0;
  private before = 0;

  /** Answers the very promise: whoever awaits it goes on no later than without a measurement, as a replay demands. */
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
