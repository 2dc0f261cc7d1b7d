// What programs expect of their surroundings, written in the language of the sandbox: a console, timers, and `require` for the program's
// own files, beside what tests are written with. The three host functions are taken out of reach at once.
({ show, assert, expect, mocks }, { globals: testing, nodeTest, testNames, runTest }) => {
  const { hostWrite, hostFail, hostLeave } = globalThis;
  for (const name of ['hostWrite', 'hostFail', 'hostLeave']) delete globalThis[name];
  const timers = [];
  const modules = Object.create(null);
  let clock = 0;
  let ids = 0;

  const log = (...values) => hostWrite(`${values.map((value) => show(value)).join(' ')}\n`);

  const set = (run, delay, every, values) => {
    timers.push({ id: ++ids, at: clock + Math.max(0, Number(delay) || 0), run: () => run(...values), every });
    return ids;
  };
  const clear = (id) => {
    const at = timers.findIndex((timer) => timer.id === id);
    if (at >= 0) timers.splice(at, 1);
  };
  const PROVIDED = {
    assert,
    'assert/strict': assert.strict,
    test: nodeTest,
    vitest: { ...testing, expect, vi: mocks },
    '@jest/globals': { ...testing, expect, jest: mocks },
  };
  const require = (name) => {
    const bare = name.replace(/^node:/, '');
    if (Object.hasOwn(PROVIDED, bare)) return PROVIDED[bare];
    const path = bare.replace(/^\.\//, '');
    const found = [
      path,
      `${path}.js`,
      `${path}.ts`,
      path.replace(/\.js$/, '.ts'),
      `${path}/index.js`,
      `${path}/index.ts`,
    ].find((file) => file in modules);
    if (!found) throw new Error(`Cannot find module '${name}'`);
    const held = modules[found];
    if (!held.module) {
      held.module = { exports: {} };
      new Function('exports', 'require', 'module', held.text)(held.module.exports, require, held.module);
    }
    return held.module.exports;
  };
  const module = { exports: {} };
  const globals = {
    console: {
      log,
      info: log,
      debug: log,
      warn: log,
      error: log,
      table: log,
      assert: (holds, ...values) =>
        holds || hostFail(`console.assert: ${values.map((value) => show(value)).join(' ') || 'failed'}`),
    },
    setTimeout: (run, delay, ...values) => set(run, delay, undefined, values),
    setInterval: (run, delay, ...values) => set(run, delay, Math.max(1, Number(delay) || 0), values),
    setImmediate: (run, ...values) => set(run, 0, undefined, values),
    clearTimeout: clear,
    clearInterval: clear,
    queueMicrotask: (run) => void Promise.resolve().then(run),
    structuredClone: (value) => JSON.parse(JSON.stringify(value)),
    process: {
      env: {},
      argv: ['node', 'main.js'],
      platform: 'sandbox',
      exit: hostLeave,
      on: () => undefined,
      stdout: { write: hostWrite },
    },
    performance: { now: () => Date.now() },
    require,
    module,
    exports: module.exports,
    ...testing,
    expect,
    jest: mocks,
    vi: mocks,
  };
  Object.assign(globalThis, globals);
  require.main = module;

  return {
    addModule: (path, text) => void (modules[path] = { text }),
    testNames,
    runTest,
    /** Runs the next timer; false when none is left. Time here only passes from timer to timer. */
    runTimer() {
      const [next] = timers.sort((a, b) => a.at - b.at || a.id - b.id);
      if (!next) return false;
      clock = next.at;
      if (next.every) next.at += next.every;
      else clear(next.id);
      next.run();
      return true;
    },
  };
};
