// What programs expect of their surroundings, written in the language of the sandbox: a console, timers, `require` for the program's
// own files, `assert`, and the registering of tests. The three host functions are taken out of reach at once.
(() => {
  const { hostWrite, hostFail, hostLeave } = globalThis;
  for (const name of ['hostWrite', 'hostFail', 'hostLeave']) delete globalThis[name];
  const timers = [];
  const tests = [];
  const modules = Object.create(null);
  let clock = 0;
  let ids = 0;

  const show = (value, depth = 0) => {
    if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value);
    if (typeof value === 'function') return `[Function: ${value.name || 'anonymous'}]`;
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (value === null || typeof value !== 'object') return String(value);
    if (depth > 4) return '...';
    const inner = (item) => show(item, depth + 1);
    if (Array.isArray(value)) return `[ ${value.map(inner).join(', ')} ]`;
    if (value instanceof Map) return `Map { ${[...value].map(([k, v]) => `${inner(k)} => ${inner(v)}`).join(', ')} }`;
    if (value instanceof Set) return `Set { ${[...value].map(inner).join(', ')} }`;
    return `{ ${Object.entries(value)
      .map(([k, v]) => `${k}: ${inner(v)}`)
      .join(', ')} }`;
  };
  const log = (...values) => hostWrite(`${values.map((value) => show(value)).join(' ')}\n`);

  class AssertionError extends Error {
    name = 'AssertionError';
  }
  const isObject = (value) => value !== null && typeof value === 'object';
  const same = (a, b, strict) => {
    if (Object.is(a, b) || (!strict && !isObject(a) && !isObject(b) && a == b)) return true;
    if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (a instanceof Date) return a.getTime() === b.getTime();
    if (a instanceof Map || a instanceof Set) return same([...a], [...b], strict);
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key], strict));
  };
  const demand = (holds, message, fallback) => {
    if (holds) return;
    if (message instanceof Error) throw message;
    throw new AssertionError(message ?? fallback);
  };
  const differ = (got, expected) => `got ${show(got, 1)}, expected ${show(expected, 1)}`;
  const matches = (error, like) =>
    like === undefined ||
    (like instanceof RegExp
      ? like.test(String(error && error.message))
      : typeof like !== 'function' || error instanceof like);
  const assert = (value, message) => demand(value, message, `got ${show(value, 1)}, expected something true`);
  const thrown = (run) => {
    try {
      run();
    } catch (error) {
      return { error };
    }
    return undefined;
  };
  Object.assign(assert, {
    ok: assert,
    equal: (a, b, message) => demand(a == b, message, differ(a, b)),
    notEqual: (a, b, message) => demand(a != b, message, `got ${show(a, 1)}, which it must not be`),
    strictEqual: (a, b, message) => demand(Object.is(a, b), message, differ(a, b)),
    notStrictEqual: (a, b, message) => demand(!Object.is(a, b), message, `got ${show(a, 1)}, which it must not be`),
    deepEqual: (a, b, message) => demand(same(a, b, false), message, differ(a, b)),
    deepStrictEqual: (a, b, message) => demand(same(a, b, true), message, differ(a, b)),
    notDeepStrictEqual: (a, b, message) =>
      demand(!same(a, b, true), message, `got ${show(a, 1)}, which it must not be`),
    throws(run, like, message) {
      const caught = thrown(run);
      demand(
        caught && matches(caught.error, like),
        message,
        caught ? `threw ${show(caught.error)}` : 'nothing was thrown',
      );
    },
    doesNotThrow(run, message) {
      const caught = thrown(run);
      demand(!caught, message, caught && `threw ${show(caught.error)}`);
    },
    async rejects(promise, like, message) {
      const caught = await Promise.resolve(typeof promise === 'function' ? promise() : promise).then(
        () => undefined,
        (error) => ({ error }),
      );
      demand(
        caught && matches(caught.error, like),
        message,
        caught ? `rejected with ${show(caught.error)}` : 'nothing was rejected',
      );
    },
    fail: (message) => demand(false, message, 'failed'),
    AssertionError,
  });
  assert.strict = assert;

  const expectation = (got, not) => {
    const check = (holds, text) =>
      demand(holds !== not, undefined, `got ${show(got, 1)}, expected ${not ? 'not ' : ''}${text}`);
    return {
      toBe: (value) => check(Object.is(got, value), show(value, 1)),
      toEqual: (value) => check(same(got, value, true), show(value, 1)),
      toStrictEqual: (value) => check(same(got, value, true), show(value, 1)),
      toBeCloseTo: (value, digits = 2) => check(Math.abs(got - value) < 10 ** -digits / 2, `about ${value}`),
      toBeTruthy: () => check(Boolean(got), 'something true'),
      toBeFalsy: () => check(!got, 'something false'),
      toBeNull: () => check(got === null, 'null'),
      toBeUndefined: () => check(got === undefined, 'undefined'),
      toBeDefined: () => check(got !== undefined, 'something defined'),
      toBeGreaterThan: (value) => check(got > value, `more than ${value}`),
      toBeLessThan: (value) => check(got < value, `less than ${value}`),
      toBeInstanceOf: (type) => check(got instanceof type, `a ${type.name}`),
      toHaveLength: (length) => check(got.length === length, `length ${length}`),
      toContain: (item) => check(got.includes(item), `something with ${show(item, 1)}`),
      toMatch: (like) => check(new RegExp(like).test(got), String(like)),
      toThrow(like) {
        const caught = thrown(got);
        const text = typeof like === 'string' ? new RegExp(like.replace(/[^\w\s]/g, '\\$&')) : like;
        check(Boolean(caught) && matches(caught.error, text), 'an error');
      },
    };
  };
  const test = (name, run) => void tests.push({ name, run });
  const set = (run, delay, every, values) => {
    timers.push({ id: ++ids, at: clock + Math.max(0, Number(delay) || 0), run: () => run(...values), every });
    return ids;
  };
  const clear = (id) => {
    const at = timers.findIndex((timer) => timer.id === id);
    if (at >= 0) timers.splice(at, 1);
  };
  const require = (name) => {
    const known = {
      assert,
      'assert/strict': assert,
      test: Object.assign(test, { test, it: test, describe: (_, run) => run() }),
    };
    const bare = name.replace(/^node:/, '');
    if (Object.hasOwn(known, bare)) return known[bare];
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
    test,
    it: test,
    describe: (_name, run) => run(),
    expect: Object.assign((got) => Object.assign(expectation(got, false), { not: expectation(got, true) }), {}),
  };
  Object.assign(globalThis, globals);
  require.main = module;

  return {
    addModule: (path, text) => void (modules[path] = { text }),
    testNames: () => JSON.stringify(tests.map(({ name }) => String(name))),
    runTest: (index) => tests[index].run(),
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
})();
