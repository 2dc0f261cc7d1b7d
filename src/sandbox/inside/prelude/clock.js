// Time as programs see it: it passes by itself, and jumps to each timer, so that nothing is waited for.
(() => {
  const timers = [];
  const RealDate = Date;
  let ahead = 0;
  let ids = 0;
  /** With fake timers: where time stands until a test says otherwise. */
  let held;

  const now = () => held ?? RealDate.now() + ahead;
  const jump = (to) => {
    if (to <= now()) return;
    if (held === undefined) ahead += to - now();
    else held = to;
  };
  const set = (run, delay, every, values) => {
    const wait = Math.max(0, Number(delay) || 0);
    const timer = { id: ++ids, at: now() + wait, run: () => run(...values), every, isHeld: held !== undefined };
    timers.push(timer);
    return Object.assign(Object.create(HANDLE), { id: timer.id });
  };
  /** What Node gives for a timer; it counts as its number. */
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
  const nextOf = (some) => [...some].sort((a, b) => a.at - b.at || a.id - b.id)[0];
  const run = (timer) => {
    jump(timer.at);
    if (timer.every) timer.at += timer.every;
    else clear(timer.id);
    timer.run();
  };
  const waiting = () => timers.filter((timer) => timer.isHeld);
  const isDue = (until) => (timer) => timer.at <= until;
  const advance = (ms) => {
    const until = now() + ms;
    for (let next; (next = nextOf(waiting().filter(isDue(until))));) run(next);
    jump(until);
  };
  const MOST_RUNS = 100_000;
  const runAll = () => {
    for (let i = 0, next; i < MOST_RUNS && (next = nextOf(waiting())); i++) run(next);
  };
  const runPending = () => {
    const pending = waiting();
    for (let next; (next = nextOf(pending.filter((timer) => timers.includes(timer)))); run(next)) {
      pending.splice(pending.indexOf(next), 1);
    }
  };
  const sleep = (delay, value) => new Promise((resolve) => set(resolve, delay, undefined, [value]));
  /** Lets what waits for a promise go on before the next timer. */
  const settle = async () => {
    for (let i = 0; i < 10; i++) await undefined;
  };

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
    /** As Jest and Vitest name them. */
    fake: {
      useFakeTimers: () => void (held = now()),
      useRealTimers: () => void (held = undefined),
      setSystemTime(date) {
        const wanted = date === undefined ? RealDate.now() : new RealDate(date).getTime();
        if (held === undefined) ahead = wanted - RealDate.now();
        else held = wanted;
      },
      getTimerCount: () => waiting().length,
      clearAllTimers: () => waiting().forEach(({ id }) => clear(id)),
      advanceTimersByTime: advance,
      advanceTimersToNextTimer: () => advance(Math.max(0, (nextOf(waiting())?.at ?? now()) - now())),
      runAllTimers: runAll,
      runOnlyPendingTimers: runPending,
      async advanceTimersByTimeAsync(ms) {
        const until = now() + ms;
        await settle();
        for (let next; (next = nextOf(waiting().filter(isDue(until)))); await settle()) run(next);
        jump(until);
      },
      async runAllTimersAsync() {
        await settle();
        for (let i = 0, next; i < MOST_RUNS && (next = nextOf(waiting())); i++, await settle()) run(next);
      },
    },
    /** Runs the next timer that nobody holds; false when none is left. */
    runTimer() {
      const next = nextOf(timers.filter((timer) => !timer.isHeld));
      if (next) run(next);
      return Boolean(next);
    },
  };
})();
