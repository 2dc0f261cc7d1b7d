// @ts-check
// Bundles src/dashboard into a folder of static files: names carry a hash of the content, so that browsers may keep them
// for ever, and each text lies there compressed as well. A program of its own, because esbuild is a package and this
// folder knows none. Arguments: the repository, the target folder.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const [root = '.', target = 'dashboard'] = process.argv.slice(2);
const { build } = createRequire(join(root, 'package.json'))('esbuild');
const source = join(root, 'src', 'dashboard');
const fresh = `${target}.new`;

rmSync(fresh, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { app: join(source, 'main.tsx'), icon: join(source, 'icon.svg') },
  outdir: join(fresh, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: '/dashboard/assets',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2022'],
  minify: true,
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.woff2': 'file', '.svg': 'copy' },
  tsconfigRaw: {},
  metafile: true,
  absWorkingDir: root,
});

const files = Object.keys(metafile.outputs).map((file) => basename(file));
/** @param {RegExp} pattern */
const named = (pattern) => `/dashboard/assets/${files.find((file) => pattern.test(file))}`;
const page = readFileSync(join(source, 'index.html'), 'utf8')
  .replace('%script%', named(/^app-.*\.js$/))
  .replace('%style%', named(/^app-.*\.css$/))
  .replace('%font%', named(/^inter-.*\.woff2$/))
  .replace('%icon%', named(/^icon-.*\.svg$/));
mkdirSync(fresh, { recursive: true });
writeFileSync(join(fresh, 'index.html'), page);
for (const file of [...files.map((file) => join('assets', file)), 'index.html'])
  if (/\.(js|css|svg|html)$/.test(file)) compress(join(fresh, file));

rmSync(target, { recursive: true, force: true });
renameSync(fresh, target);

/** @param {string} file */
function compress(file) {
  const content = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(content));
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
}
