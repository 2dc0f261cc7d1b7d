// @ts-check
// Bundles src/cli/programs, which is TypeScript, into a cache folder in node_modules, whenever a file that went into the
// bundles has changed. esbuild needs a tenth of a second; `npm run check` reports type errors.

import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { StartFailure } from './failure.cjs';
import { fingerprint, listFiles, writeRecord } from './fingerprint.cjs';

const PROGRAMS = 'src/cli/programs';
/** Files that determine how the bundles are made. */
const TOOLS = ['package-lock.json', 'bootstrap/bundle-programs.mjs'];
/** A program started from older bundles has loaded them long before this time is over. */
const KEEP_MS = 3_600_000;
/** Bundled CommonJS modules call `require` for Node's own modules. */
const BANNER = `import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);`;

/**
 * Returns the file with the bundle of a program.
 * @param {string} root
 * @param {string} name
 */
export async function bundlePrograms(root, name) {
  const cache = join(root, 'node_modules', '.cache', 'murmuration');
  const folder = findBundles(root, cache) ?? (await bundle(root, cache));
  const file = join(folder, `${name}.mjs`);
  if (existsSync(file)) return file;
  const names = listPrograms(root).map((path) => path.slice(PROGRAMS.length + 1, -'.ts'.length));
  throw new StartFailure(`There is no program "${name}".`, `Use one of: ${names.join(', ')}.`);
}

/** @param {string} root */
function listPrograms(root) {
  return listFiles(join(root, PROGRAMS)).map((file) => relative(root, file));
}

/** @param {string} root @param {string} cache @returns {string | undefined} */
function findBundles(root, cache) {
  try {
    const { files, hash } = JSON.parse(readFileSync(join(cache, 'programs.json'), 'utf8'));
    const folder = join(cache, hash);
    return fingerprint(root, files) === hash && existsSync(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} root @param {string} cache */
async function bundle(root, cache) {
  const { build } = createRequire(join(root, 'package.json'))('esbuild');
  const draft = join(cache, `draft-${process.pid}`);
  const { metafile } = await build({
    entryPoints: listPrograms(root),
    outdir: draft,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node20',
    packages: 'external',
    banner: { js: BANNER },
    sourcemap: 'inline',
    tsconfigRaw: {},
    metafile: true,
  });
  const files = [...Object.keys(metafile.inputs).sort(), PROGRAMS, ...TOOLS];
  const hash = fingerprint(root, files);
  const folder = join(cache, hash);
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else moveBundles(draft, folder);
  writeRecord(join(cache, 'programs.json'), JSON.stringify({ files, hash }));
  removeOld(cache, folder);
  return folder;
}

/** Another process may have created the same bundles in the meantime. @param {string} draft @param {string} folder */
function moveBundles(draft, folder) {
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(draft, { recursive: true });
  }
}

/** @param {string} cache @param {string} newest */
function removeOld(cache, newest) {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (path !== newest && statSync(path).isDirectory() && Date.now() - statSync(path).mtimeMs > KEEP_MS)
      rmSync(path, { recursive: true, force: true });
  }
}
