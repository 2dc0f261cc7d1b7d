/** The command lines of the processes inside: which walls, which permissions of Node, which limits of its engine. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Layers } from './layers';

/** What the programs inside are made of. Their dependencies' folders are found from here. */
const PACKAGES = {
  python: ['pyodide'],
  javascript: [
    'quickjs-emscripten-core',
    '@jitl/quickjs-wasmfile-release-sync',
    '@jitl/quickjs-ffi-types',
    // with a slash: the packages of these names, not what Node has built in
    'events/',
    'buffer/',
    'path-browserify',
    'base64-js',
    'ieee754',
    'sucrase',
    '@jridgewell/gen-mapping',
    '@jridgewell/sourcemap-codec',
    '@jridgewell/trace-mapping',
    '@jridgewell/resolve-uri',
    'lines-and-columns',
    'ts-interface-checker',
  ],
} as const;

export type Interpreter = keyof typeof PACKAGES;

const WASM_PAGE_BYTES = 64 * 1024;
const HEAP_MB = 256;
/** Fits into the 8 MB that a process has by default; QuickJS must meet its own limit before. */
const STACK_KB = 7000;
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

/** Everything that a child of this kind reads. */
export function readableBy(interpreter: Interpreter, inside: string): string[] {
  const { resolve } = createRequire(__filename);
  const folders = PACKAGES[interpreter].map((name) => folderOf(name, resolve));
  return [inside, ...new Set(folders)];
}

export interface InsideOptions {
  /** The folder with the compiled programs that run inside. */
  inside: string;
  layers: Layers;
  interpreter: Interpreter;
  memoryBytes: number;
  outputBytes: number;
  /** The file with the image that Python starts from. */
  image: string | undefined;
}

export function insideCommand({
  inside,
  layers,
  interpreter,
  memoryBytes,
  outputBytes,
  image,
}: InsideOptions): string[] {
  const readable = [...readableBy(interpreter, inside), ...(image ? [image] : [])];
  return [
    ...layers.prefix,
    process.execPath,
    '--no-warnings',
    PERMISSION,
    ...readable.map((place) => `--allow-fs-read=${place}${place === image ? '' : '/*'}`),
    '--disallow-code-generation-from-strings',
    `--wasm-max-mem-pages=${Math.ceil(memoryBytes / WASM_PAGE_BYTES)}`,
    `--max-old-space-size=${HEAP_MB}`,
    `--stack-size=${STACK_KB}`,
    path.join(inside, 'main.js'),
    ...[interpreter, memoryBytes, outputBytes, image ?? ''].map(String),
  ];
}

function folderOf(name: string, resolve: NodeJS.RequireResolve): string {
  const entry = realpathSync(resolve(name));
  const marker = `${path.sep}node_modules${path.sep}${name.replace(/\/$/, '').replaceAll('/', path.sep)}`;
  return entry.slice(0, entry.lastIndexOf(marker) + marker.length);
}
