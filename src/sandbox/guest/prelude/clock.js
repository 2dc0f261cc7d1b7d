// The clock of programs: it runs normally, and jumps ahead to the next timer, so that nothing has to be waited for.
(() => {
  const timers = [];
  const RealDate = Date;
  let ahead = 0;
  let ids = 0;

  const now = () => RealDate.now() + ahead;
  const set = (run, delay, every, values) => {
    const timer = { id: ++ids, at: now() + Math.max(0, Number(delay) || 0), run: () => run(...values), every };
    timers.push(timer);
    return Object.assign(Object.create(HANDLE), { id: timer.id });
  };
  /** A timer as Node returns it; it converts to its number. */
  const HANDLE = {
    ref: () => undefined,
    unref: () => undefined,
    hasRef: () => true,
    [Symbol.toPrimitive]() {
      return this.id;
    },
  };
  const clear = (handle) => {
    const id = handle?.id ?? handle;
    const at = timers.findIndex((timer) => timer.id === id);
    if (at >= 0) timers.splice(at, 1);
  };
  const sleep = (delay, value) => new Promise((resolve) => set(resolve, delay, undefined, [value]));

  return {
    now,
    globals: {
      setTimeout: (run, delay, ...values) => set(run, delay, undefined, values),
      setInterval: (run, delay, ...values) => set(run, delay, Math.max(1, Number(delay) || 0), values),
      setImmediate: (run, ...values) => set(run, 0, undefined, values),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
      performance: { now, timeOrigin: now(), mark: () => undefined, measure: () => undefined },
      Date: new Proxy(RealDate, {
        construct: (date, given, target) => Reflect.construct(date, given.length > 0 ? given : [now()], target),
        apply: () => String(new RealDate(now())),
        get: (date, name) => (name === 'now' ? now : Reflect.get(date, name)),
      }),
    },
    promises: { setTimeout: sleep, setImmediate: (value) => sleep(0, value), scheduler: { wait: sleep } },
    /** Runs the next timer; returns false if there is none. */
    runTimer() {
      const [next] = [...timers].sort((a, b) => a.at - b.at || a.id - b.id);
      if (!next) return false;
      ahead += Math.max(0, next.at - now());
      if (next.every) next.at += next.every;
      else clear(next.id);
      next.run();
      return true;
    },
  };
})();
