/** Bundles the modules of each process of the product into one file, with the code that V8 compiles for it: see src/bundle.ts. */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { runCommand } from './run-command';

/** Compiled files that bundles replace. */
const FILES = ['processes/index.js', 'processes/workflow-thread.js'];
/** Only the bundler of workflows loads them, at build time. */
const EXTERNAL = ['webpack', '@swc/core'];
const NO_HASH = '0'.repeat(64);

/** Resolves to the files that were added. */
export async function bundleProcesses(dist: string, signal: AbortSignal): Promise<string[]> {
  const added: string[] = [];
  for (const name of FILES) {
    const file = join(dist, name);
    const { text, map } = await bundle(dist, file);
    const hash = createHash('sha256').update(text).digest('hex');
    const draft = `${file}.new`;
    writeFileSync(draft, text.replace(NO_HASH, hash));
    writeFileSync(`${file}.map`, map);
    await runCommand(process.execPath, [join(dist, 'compile-bundle.js'), draft, file], { signal });
    // a process may be starting from this file: it must read the whole old file or the whole new one
    renameSync(draft, file);
    added.push(join(dirname(file), `${hash}.code`));
  }
  return added;
}

async function bundle(dist: string, file: string): Promise<{ text: string; map: Uint8Array }> {
  const { outputFiles } = await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: EXTERNAL,
    // paths must lie below the repository, even if its packages are elsewhere
    preserveSymlinks: true,
    absWorkingDir: dirname(dist),
    banner: { js: `// bundle ${NO_HASH}\n(function (exports, require, module, __filename, __dirname) {\n${LOCATE}` },
    footer: { js: '})' },
    define: { 'require.resolve': 'resolveHere' },
    plugins: [keepFileNames(dist)],
    sourcemap: 'linked',
    sourcesContent: false,
    minifyWhitespace: true,
    lineLimit: 120,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const output = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending));
  return { text: escapeNonAscii(output('.js')?.text ?? ''), map: output('.map')?.contents ?? new Uint8Array() };
}

/** Part of each bundle: finds a file of a package as Node does, in the folders `node_modules` around the bundle. */
const LOCATE = `const locateInPackages = (name) => require('node:module').createRequire(__filename).resolve.paths('x').map((folder) => require('node:path').join(folder, name)).find(require('node:fs').existsSync);
const locateInDist = (name) => require('node:path').join(__dirname, '..', name);`;

/** Modules that use the names of their files keep these names. */
function keepFileNames(dist: string): Plugin {
  return {
    name: 'keep-file-names',
    setup({ onLoad }) {
      onLoad({ filter: /\.c?js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!/\b(?:__dirname|__filename|require\.resolve)\b/.test(text)) return undefined;
        return { contents: `${nameFile(dist, path)}${text}`, loader: 'js' };
      });
    },
  };
}

/** On one line, so that the line numbers of the module stay. */
function nameFile(dist: string, file: string): string {
  const packages = join(dirname(dist), 'node_modules') + sep;
  const location = file.startsWith(packages)
    ? `locateInPackages(${JSON.stringify(file.slice(packages.length))})`
    : `locateInDist(${JSON.stringify(relative(dist, file))})`;
  return [
    `const __filename = ${location};`,
    `const __dirname = require('node:path').dirname(__filename);`,
    `const resolveHere = require('node:module').createRequire(__filename).resolve;`,
  ].join(' ');
}

/**
 * Replaces the characters that esbuild leaves: in comments and regular expressions. A string that holds such a character takes two bytes
 * for each of its ten million.
 */
function escapeNonAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
