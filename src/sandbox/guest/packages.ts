/**
 * Bundles the replacements of Node's modules and of test runners for JavaScript programs, writes them to the given file and exits. QuickJS
 * supports neither Node nor its packages, so each bundle is one self-contained script.
 */
import { writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { build, type Plugin } from 'esbuild';

/** The module that each bundle exports. */
const SOURCES: Readonly<Record<string, string>> = {
  // the trailing slash selects the npm packages of these names instead of Node's built-in modules
  assert: "module.exports = require('assert/');",
  buffer: "module.exports = require('buffer/');",
  clone: "module.exports = require('@ungap/structured-clone');",
  events: "module.exports = require('events/');",
  path: "module.exports = require('path-browserify');",
  util: "module.exports = require('util');",
  testing: `module.exports = {
    expect: require('expect').expect,
    ModuleMocker: require('jest-mock').ModuleMocker,
    FakeTimers: require('@jest/fake-timers').ModernFakeTimers,
  };`,
};
/**
 * The package `util` formats values as an early version of Node did. The other package contains the code of current Node, which requires
 * all global names of the language when it is loaded.
 */
const UTIL = `
  globalThis.Atomics = {};
  module.exports = { ...require('util/'), ...require('node-inspect-extracted') };
  delete globalThis.Atomics;`;
/** The exports of Node modules that are unavailable here, as far as the packages use them: a terminal, files, module names. */
const ABSENT = 'module.exports = { isatty: () => false, builtinModules: [] };';
/** Packages for file access, which programs here do not need. */
const OF_FILES: ReadonlySet<string> = new Set(['graceful-fs', 'ci-info', 'picomatch']);

/** Makes the packages use the replacements of Node's modules. */
const replaceBuiltins: Plugin = {
  name: 'replace-builtins',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^/ }, async ({ path, ...from }) => {
      const name = path.replace(/^node:/, '');
      if (name === 'path') return resolve('path-browserify', { resolveDir: __dirname, kind: from.kind });
      if (isBuiltin(path) || OF_FILES.has(name)) return { path: name, namespace: 'builtin' };
      return undefined;
    });
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: path === 'util' ? UTIL : ABSENT,
      resolveDir: __dirname,
    }));
  },
};

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: __dirname },
    bundle: true,
    write: false,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
    // the packages look for these names and work without them
    define: { __dirname: '"/"', URL: 'AbsentUrl' },
    banner: { js: 'class AbsentUrl {}' },
    plugins: [replaceBuiltins],
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

async function main(): Promise<void> {
  const bundles = Object.entries(SOURCES).map(async ([name, source]) => [name, await bundle(source)] as const);
  writeFileSync(process.argv[2] ?? '', JSON.stringify(Object.fromEntries(await Promise.all(bundles))));
  process.exit(0);
}
void main();
