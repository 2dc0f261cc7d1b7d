// How tests are registered and run: `test`, `describe` and their hooks, as Jest, Vitest and node:test have them.
(() => {
  const tests = [];
  const newScope = (name, skipped) => ({ name, skipped, beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] });
  const scopes = [newScope('', false)];

  const bodyOf = (given) => given.find((one) => typeof one === 'function');
  const register =
    (more = {}) =>
    (name, ...given) => {
      const run = bodyOf(given);
      const skipped = !run || more.skipped || scopes.some((scope) => scope.skipped);
      tests.push({ ...more, name: String(name), scopes: [...scopes], run, skipped });
    };
  const describeAs =
    (skipped) =>
    (name, ...given) => {
      scopes.push(newScope(String(name), skipped));
      try {
        bodyOf(given)?.();
      } finally {
        scopes.pop();
      }
    };
  /** `%s` and `$name` in a row's title. */
  const titleOf = (title, row) => {
    const values = Array.isArray(row) ? [...row] : [row];
    return String(title)
      .replace(/%[sdijofp]/g, () => (values.length > 0 ? String(values.shift()) : ''))
      .replace(/\$(\w+)/g, (text, key) =>
        row !== null && typeof row === 'object' && key in row ? String(row[key]) : text,
      );
  };
  const each = (one) => (rows) => (title, run) => {
    for (const row of rows) one(titleOf(title, row), () => run(...(Array.isArray(row) ? row : [row])));
  };

  const describe = describeAs(false);
  Object.assign(describe, { each: each(describe), skip: describeAs(true), only: describe });
  const testWith = (more) => {
    const test = register(more);
    const variants = { skip: register({ ...more, skipped: true }), only: register({ ...more, only: true }) };
    return Object.assign(test, variants, { each: each(test), todo: () => undefined });
  };
  const hook = (kind) => (run) => void scopes.at(-1)[kind].push(run);
  const hooks = Object.fromEntries(
    ['beforeAll', 'afterAll', 'beforeEach', 'afterEach'].map((kind) => [kind, hook(kind)]),
  );

  const wanted = () => {
    const open = tests.filter(({ skipped }) => !skipped);
    return open.some(({ only }) => only) ? open.filter(({ only }) => only) : open;
  };
  /** With a parameter a test is done when it says so; one of node:test is given a context instead. */
  const finish = ({ run, inContext }) => {
    if (inContext) return run({ test: (_name, ...given) => bodyOf(given)(), diagnostic: () => undefined });
    if (run.length === 0) return run();
    return new Promise((resolve, reject) => {
      const returned = run((error) => (error === undefined || error === null ? resolve() : reject(error)));
      if (returned && typeof returned.then === 'function') returned.then(resolve, reject);
    });
  };
  const test = testWith({});
  const common = { describe, suite: describe, ...hooks, before: hooks.beforeAll, after: hooks.afterAll };
  const nodeTest = testWith({ inContext: true });

  return {
    globals: { ...common, test, it: test },
    nodeTest: Object.assign(nodeTest, { ...common, test: nodeTest, it: nodeTest }),
    testNames: () =>
      JSON.stringify(wanted().map(({ name, scopes }) => [...scopes.map((scope) => scope.name), name].join(' ').trim())),
    async runTest(index) {
      const chosen = wanted()[index];
      const { scopes } = chosen;
      for (const scope of scopes) for (const prepare of scope.beforeAll.splice(0)) await prepare();
      for (const scope of scopes) for (const prepare of scope.beforeEach) await prepare();
      try {
        await finish(chosen);
      } finally {
        for (const scope of [...scopes].reverse()) for (const clear of scope.afterEach) await clear();
      }
    },
  };
})();
