// The environment of programs: a console, and `require` for their own files, in addition to what the other scripts here provide.
(host, testsOf, clock, nodeOf, topLevel, testingOf) => {
  const { hostWrite, hostFail } = host;
  const { beginLoading, endLoading, failNoted } = topLevel;
  const modules = Object.create(null);
  const packages = Object.create(null);
  const loadPackage = (name) => run(packages[name], name);
  const testing = testingOf(loadPackage);
  const { globals: tests, nodeTest, testNames, runTest } = testsOf(testing);
  const node = nodeOf({ loadPackage, now: clock.now, ...host });

  let noted;
  const notedAssert = () => (noted ??= topLevel.notingAssert(loadPackage('assert')));

  /** The exports of each module by name; packages are run when a program first requires them. */
  const PROVIDED = {
    ...node.modules,
    assert: notedAssert,
    'assert/strict': () => notedAssert().strict,
    test: () => nodeTest,
    timers: () => clock.globals,
    'timers/promises': () => clock.promises,
    perf_hooks: () => ({ performance: clock.globals.performance }),
    vitest: () => ({ ...tests, expect: testing.expect, vi: testing.jest }),
    '@jest/globals': () => ({ ...tests, expect: testing.expect, jest: testing.jest }),
  };
  const findFolder = (path) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const run = (held, path) => {
    if (!held.module) {
      held.module = { exports: {}, id: path };
      new Function('exports', 'require', 'module', '__filename', '__dirname', held.text)(
        held.module.exports,
        requireFrom(() => findFolder(path)),
        held.module,
        `/program/${path}`,
        `/program/${findFolder(path)}`,
      );
    }
    return held.module.exports;
  };
  const normalise = (path) => {
    const parts = [];
    for (const part of path.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    }
    return parts.join('/');
  };
  const ENDINGS = ['js', 'ts', 'mjs', 'mts', 'cjs', 'cts', 'jsx', 'tsx', 'json'];
  /** Tries the path with its own extension, with any other, and as a folder. */
  const findModule = (path) => {
    const bare = path.replace(/\.[mc]?[jt]sx?$/, '');
    const candidates = [
      path,
      ...[bare, path, `${path}/index`].flatMap((stem) => ENDINGS.map((end) => `${stem}.${end}`)),
    ];
    return candidates.find((file) => file in modules);
  };
  /** Finds a file of the answer by its path, or else by its name: headings seldom state the folder. */
  const findFile = (name, folder) => {
    const path = normalise(name.startsWith('.') ? `${folder}/${name}` : name.replace(/^[@~]\//, ''));
    const stem = path.slice(path.lastIndexOf('/') + 1);
    const inFolders = Object.keys(modules).map((file) => `${findFolder(file)}/${stem}`);
    return [path, stem, ...inFolders].map((one) => findModule(normalise(one))).find((file) => file !== undefined);
  };
  const requireFrom = (folder) => (name) => {
    const bare = name.replace(/^node:/, '');
    if (Object.hasOwn(PROVIDED, bare)) return PROVIDED[bare]();
    if (bare in packages) return run(packages[bare], bare);
    const found = findFile(bare, folder());
    if (!found) throw new Error(`Cannot find module '${name}'`);
    return run(modules[found], found);
  };
  let mainFolder = '';
  const require = requireFrom(() => mainFolder);

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
    dir: (value) => log(loadPackage('util').inspect(value)),
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
    assert(holds, ...values) {
      const line = topLevel.topLevelLine();
      const error = `console.assert: ${node.format(...values) || 'failed'}`;
      if (line !== undefined) topLevel.note(line, holds ? undefined : error);
      else if (!holds) hostFail(error);
    },
  };
  console.groupCollapsed = console.group;

  const module = { exports: {} };
  require.main = module;
  const globals = { console, require, module, exports: module.exports, ...tests };
  Object.assign(
    globalThis,
    clock.globals,
    node.globals,
    { __filename: '/program/main.js', __dirname: '/program' },
    globals,
  );
  globalThis.global = globalThis;
  const offer = (name, get) => {
    const set = (value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
    Object.defineProperty(globalThis, name, { configurable: true, get, set });
  };
  offer('expect', () => testing.expect);
  for (const name of ['jest', 'vi']) offer(name, () => testing.jest);
  offer('Buffer', () => require('buffer').Buffer);
  // compiled `using` and decorators need these symbols
  for (const name of ['dispose', 'asyncDispose', 'metadata']) {
    if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
  }
  // programs expect a RangeError when the stack overflows
  Object.setPrototypeOf(InternalError.prototype, RangeError.prototype);

  return {
    addModule: (path, text) => void (modules[path] = { text }),
    setMain: (path) => void (mainFolder = findFolder(path)),
    hasFile: (name) => findFile(name, mainFolder) !== undefined,
    addPackage: (name, text) => void (packages[name] = { text }),
    testNames,
    runTest,
    ...{ beginLoading, endLoading, failNoted },
    runTimer: clock.runTimer,
  };
};
