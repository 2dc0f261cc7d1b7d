// What programs find around them: a console, and `require` for their own files, beside what the other scripts here provide.
(host, { show, isSame, assert, expect, mocks }, { globals: testing, nodeTest, testNames, runTest }, clock, nodeOf) => {
  const { hostWrite, hostFail } = host;
  const node = nodeOf({ show, isSame, now: clock.now, ...host });
  const modules = Object.create(null);
  const packages = Object.create(null);
  const faking = Object.fromEntries(
    Object.entries(clock.fake).map(([name, act]) => [
      name,
      (...given) => {
        const result = act(...given);
        return result === undefined ? jest : result;
      },
    ]),
  );
  const jest = { ...mocks, ...faking };

  const PROVIDED = {
    ...node.modules,
    assert,
    'assert/strict': assert.strict,
    test: nodeTest,
    timers: clock.globals,
    'timers/promises': clock.promises,
    perf_hooks: { performance: clock.globals.performance },
    vitest: { ...testing, expect, vi: jest },
    '@jest/globals': { ...testing, expect, jest },
  };
  const run = (held, path) => {
    if (!held.module) {
      held.module = { exports: {}, id: path };
      new Function('exports', 'require', 'module', '__filename', '__dirname', held.text)(
        held.module.exports,
        require,
        held.module,
        `/program/${path}`,
        '/program',
      );
    }
    return held.module.exports;
  };
  const require = (name) => {
    const bare = name.replace(/^node:/, '');
    if (Object.hasOwn(PROVIDED, bare)) return PROVIDED[bare];
    if (bare in packages) return run(packages[bare], bare);
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
    return run(modules[found], found);
  };

  let indent = '';
  const counts = {};
  const log = (...values) => hostWrite(`${node.format(...values).replace(/^/gm, indent)}\n`);
  const console = {
    log,
    info: log,
    debug: log,
    warn: log,
    error: log,
    trace: log,
    table: log,
    dir: (value) => log(show(value, 1)),
    group(...values) {
      if (values.length > 0) log(...values);
      indent += '  ';
    },
    groupEnd: () => void (indent = indent.slice(2)),
    count: (label = 'default') => log(`${label}: ${(counts[label] = (counts[label] ?? 0) + 1)}`),
    countReset: (label = 'default') => void delete counts[label],
    time: (label = 'default') => void (counts[`time ${label}`] = clock.now()),
    timeLog: (label = 'default') => log(`${label}: ${clock.now() - counts[`time ${label}`]}ms`),
    timeEnd: (label = 'default') => console.timeLog(label),
    assert: (holds, ...values) =>
      holds || hostFail(`console.assert: ${values.map((value) => show(value)).join(' ') || 'failed'}`),
  };
  console.groupCollapsed = console.group;

  const module = { exports: {} };
  require.main = module;
  const globals = { console, require, module, exports: module.exports, ...testing, expect, jest, vi: jest };
  Object.assign(
    globalThis,
    clock.globals,
    node.globals,
    { __filename: '/program/main.js', __dirname: '/program' },
    globals,
  );
  globalThis.global = globalThis;
  // as programs know a stack that is exhausted
  Object.setPrototypeOf(InternalError.prototype, RangeError.prototype);
  Object.defineProperty(globalThis, 'Buffer', { configurable: true, get: () => require('buffer').Buffer });

  return {
    addModule: (path, text) => void (modules[path] = { text }),
    addPackage: (name, text) => void (packages[name] = { text }),
    testNames,
    runTest,
    runTimer: clock.runTimer,
  };
};
