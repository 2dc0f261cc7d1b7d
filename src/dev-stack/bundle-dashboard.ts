/**
 * Bundles src/dashboard into a folder of static files. Names contain a hash of the content, so that browsers may cache them forever, and
 * each text file also exists in compressed form.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { StartFailure } from '../../bootstrap/failure.cjs';

const ASSETS = '/dashboard/assets';
const COMPRESSED = /\.(js|css|svg|html)$/;

/** Replaces the folder at once: an API that serves it has either the old page or the new one. */
export async function bundleDashboard(root: string, target: string): Promise<void> {
  const source = join(root, 'src', 'dashboard');
  const draft = `${target}.new`;
  rmSync(draft, { recursive: true, force: true });
  const files = await bundleAssets(root, source, join(draft, 'assets'));
  const locate = (pattern: RegExp) => `${ASSETS}/${files.find((file) => pattern.test(file))}`;
  const page = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('%script%', locate(/^app-.*\.js$/))
    .replace('%style%', locate(/^app-.*\.css$/))
    .replace('%font%', locate(/^inter-.*\.woff2$/))
    .replace('%icon%', locate(/^icon-.*\.svg$/))
    .replace('%attention%', locate(/^attention-.*\.svg$/));
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, 'index.html'), page);
  const texts = [...files.map((file) => join('assets', file)), 'index.html'].filter((file) => COMPRESSED.test(file));
  await Promise.all(texts.map((file) => compress(join(draft, file))));
  rmSync(target, { recursive: true, force: true });
  renameSync(draft, target);
}

/** Resolves to the file names. */
async function bundleAssets(root: string, source: string, outdir: string): Promise<string[]> {
  try {
    const { metafile } = await build({
      entryPoints: {
        app: join(source, 'main.tsx'),
        icon: join(source, 'icon.svg'),
        attention: join(source, 'attention.svg'),
      },
      outdir,
      entryNames: '[name]-[hash]',
      chunkNames: '[name]-[hash]',
      assetNames: '[name]-[hash]',
      publicPath: ASSETS,
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
      logLevel: 'silent',
    });
    return Object.keys(metafile.outputs).map((file) => basename(file));
  } catch (error) {
    throw new StartFailure(
      'The dashboard bundle failed.',
      'The dashboard runs in browsers and must not import Node built-ins; fix what is named above.',
      String(error instanceof Error ? error.message : error).split('\n'),
    );
  }
}

async function compress(file: string): Promise<void> {
  const content = readFileSync(file);
  writeFileSync(`${file}.br`, await promisify(brotliCompress)(content));
  writeFileSync(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}
