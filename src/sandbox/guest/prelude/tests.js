// Registers and runs tests: `test`, `describe` and their hooks, compatible with Jest, Vitest and node:test.
({ beginTest, endTest }) => {
  // held here, because a program may replace it
  const { stringify } = JSON;
  const tests = [];
  /** The maximum length of a test's name in a report. */
  const NAME_LIMIT = 200;
  const newScope = (name, skipped) => ({ name, skipped, beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] });
  const scopes = [newScope('', false)];

  const findBody = (given) => given.find((one) => typeof one === 'function');
  const register =
    (more = {}) =>
    (name, ...given) => {
      const run = findBody(given);
      const skipped = !run || more.skipped || scopes.some((scope) => scope.skipped);
      tests.push({ ...more, name: String(name), scopes: [...scopes], run, skipped });
    };
  const describeAs =
    (skipped) =>
    (name, ...given) => {
      scopes.push(newScope(String(name), skipped));
      try {
        findBody(given)?.();
      } finally {
        scopes.pop();
      }
    };
  /** Replaces `%s` and `$name` in the title of a row. */
  const writeTitle = (title, row) => {
    const values = Array.isArray(row) ? [...row] : [row];
    return String(title)
      .replace(/%[sdijofp]/g, () => (values.length > 0 ? String(values.shift()) : ''))
      .replace(/\$(\w+)/g, (text, key) =>
        row !== null && typeof row === 'object' && key in row ? String(row[key]) : text,
      );
  };
  const each = (one) => (rows) => (title, run) => {
    for (const row of rows) one(writeTitle(title, row), () => run(...(Array.isArray(row) ? row : [row])));
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
  /** A test with a parameter is finished when it calls it; a test of node:test gets a context instead. */
  const finish = ({ run, inContext }) => {
    if (inContext) return run({ test: (_name, ...given) => findBody(given)(), diagnostic: () => undefined });
    if (run.length === 0) return run();
    return new Promise((resolve, reject) => {
      const returned = run((error) => (error === undefined || error === null ? resolve() : reject(error)));
      if (returned && typeof returned.then === 'function') returned.then(resolve, reject);
    });
  };
  let chosen = [];
  const test = testWith({});
  const common = { describe, suite: describe, ...hooks, before: hooks.beforeAll, after: hooks.afterAll };
  const nodeTest = testWith({ inContext: true });

  return {
    globals: { ...common, test, it: test },
    nodeTest: Object.assign(nodeTest, { ...common, test: nodeTest, it: nodeTest }),
    testNames() {
      chosen = wanted();
      const writeTitle = ({ name, scopes }) => [...scopes.map((scope) => scope.name), name].join(' ').trim();
      return stringify(chosen.map((one) => writeTitle(one).slice(0, NAME_LIMIT)));
    },
    async runTest(index) {
      const one = chosen[index];
      const { scopes } = one;
      for (const scope of scopes) for (const prepare of scope.beforeAll.splice(0)) await prepare();
      for (const scope of scopes) for (const prepare of scope.beforeEach) await prepare();
      try {
        beginTest();
        await finish(one);
        endTest();
      } finally {
        for (const scope of [...scopes].reverse()) for (const clear of scope.afterEach) await clear();
      }
    },
  };
};
