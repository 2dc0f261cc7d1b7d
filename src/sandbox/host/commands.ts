/** Builds the command lines of the guest processes: isolation layers, Node permissions and V8 limits. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The packages that the guest programs consist of, from which the folders of their dependencies are resolved. */
const PACKAGES = {
  python: ['pyodide'],
  javascript: [
    'quickjs-emscripten-core',
    '@jitl/quickjs-wasmfile-release-sync',
    '@jitl/quickjs-ffi-types',
    'sucrase',
    '@jridgewell/gen-mapping',
    '@jridgewell/sourcemap-codec',
    '@jridgewell/trace-mapping',
    '@jridgewell/resolve-uri',
    'lines-and-columns',
    'ts-interface-checker',
  ],
} as const;

export type GuestInterpreter = keyof typeof PACKAGES;
export const INTERPRETERS = Object.keys(PACKAGES) as GuestInterpreter[];

const WASM_PAGE_BYTES = 64 * 1024;
const HEAP_MB = 256;
/** Fits into the default stack of 8 MB of a process; QuickJS must reach its own limit first. */
const STACK_KB = 7000;
/**
 * A child lives for a second or two. With V8's defaults, compiling functions on several threads that then run once takes a third of the
 * processor time of a start. Loops of a program still reach the threshold of the optimizing compiler at once.
 */
const SHORT_LIVED = ['--v8-pool-size=1', '--wasm-tiering-budget=18000000'];
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

/** Everything that a child with this interpreter opens. */
function readableBy(interpreter: GuestInterpreter, guest: string): string[] {
  const { resolve } = createRequire(__filename);
  const folders = PACKAGES[interpreter].map((name) => findPackageFolder(name, resolve));
  return [guest, ...new Set(folders)];
}

/** Everything that a child with any interpreter opens. */
export function readableByAll(guest: string): string[] {
  return [...new Set(INTERPRETERS.flatMap((interpreter) => readableBy(interpreter, guest)))];
}

export interface GuestOptions {
  /** The folder with the compiled programs of `guest/`. */
  guest: string;
  /** The command-line prefix of the layers, before Node. */
  prefix: readonly string[];
  interpreter: GuestInterpreter;
  memoryBytes: number;
  outputBytes: number;
}

export function guestCommand({ guest, prefix, interpreter, memoryBytes, outputBytes }: GuestOptions): string[] {
  return [
    ...prefix,
    process.execPath,
    '--no-warnings',
    ...SHORT_LIVED,
    PERMISSION,
    ...readableBy(interpreter, guest).map((folder) => `--allow-fs-read=${folder}/*`),
    '--disallow-code-generation-from-strings',
    `--wasm-max-mem-pages=${Math.ceil(memoryBytes / WASM_PAGE_BYTES)}`,
    `--max-old-space-size=${HEAP_MB}`,
    `--stack-size=${STACK_KB}`,
    path.join(guest, 'main.js'),
    ...[interpreter, memoryBytes, outputBytes].map(String),
  ];
}

function findPackageFolder(name: string, resolve: NodeJS.RequireResolve): string {
  const entry = realpathSync(resolve(name));
  const marker = `${path.sep}node_modules${path.sep}${name.replaceAll('/', path.sep)}`;
  return entry.slice(0, entry.lastIndexOf(marker) + marker.length);
}
