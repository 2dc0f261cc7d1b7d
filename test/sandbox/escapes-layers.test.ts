/**
 * The escapes behind each set of layers, as root and as a normal user: the language sandbox holds by itself, and no layer changes that.
 * `ESCAPES=all npm test -- test/sandbox/escapes-layers` also runs the forgeries, which behave the same behind other layers.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { CheckReport } from '../../src/contract/checks';
import { provideImages } from '../../src/sandbox/host/image';
import { NODE_PERMISSIONS, type Layer } from '../../src/sandbox/host/isolation-layers';
import type { CheckOrder } from '../../src/sandbox/host/sandbox';
import { KNOWN_BRIDGES, OTHER_BRIDGES } from './escapes/bridges';
import { JAVASCRIPT_FORGERIES, PYTHON_FORGERIES } from './escapes/forgeries';
import { expectNoEscape } from './escapes/suite';
import { demand } from './fixtures';
import { IMAGES } from './images';

const BUILT = path.join(__dirname, '../../dist/sandbox');
const NORMAL_USER = 1234;
const isRoot = process.getuid?.() === 0;
const AS_NORMAL_USER = ['setpriv', `--reuid=${NORMAL_USER}`, `--regid=${NORMAL_USER}`, '--clear-groups'];
const SUITE_MS = 300_000;

type User = 'root' | 'a normal user';
const UNPRIVILEGED: Layer[] = ['prlimit', 'landlock', 'seccomp'];
const SETS: [user: User, set: Layer[]][] = [
  ['root', []],
  ['root', ['namespaces', 'other user', ...UNPRIVILEGED]],
  ['root', ['other user', 'bubblewrap', ...UNPRIVILEGED]],
  ['a normal user', []],
  ['a normal user', UNPRIVILEGED],
  ['a normal user', ['bubblewrap', ...UNPRIVILEGED]],
];

const python = (text: string): CheckOrder => ({
  language: 'python',
  files: [{ path: 'main.py', text }],
  checks: [demand('assert f(2) == 4')],
});
const javascript = (text: string): CheckOrder => ({
  language: 'javascript',
  files: [{ path: 'main.js', text }],
  checks: [demand('f(2)', '4')],
});

const forgeries = process.env.ESCAPES === 'all';
const ESCAPES = [
  ...[...KNOWN_BRIDGES, ...OTHER_BRIDGES, ...(forgeries ? PYTHON_FORGERIES : [])].map(({ text }) => python(text)),
  ...(forgeries ? JAVASCRIPT_FORGERIES : []).map(({ text }) => javascript(text)),
];
/** Correct programs must pass too, otherwise a sandbox that executes nothing would pass. */
const RIGHT = [python('def f(x): return x * x'), javascript('function f(x) { return x * x }')];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'murmuration-escapes-'));
  chmodSync(folder, 0o755);
  await provideImages(IMAGES, path.join(BUILT, 'guest'));
  writeFileSync(path.join(folder, 'orders.json'), JSON.stringify([...ESCAPES, ...RIGHT]));
}, SUITE_MS);
afterAll(() => rmSync(folder, { recursive: true }));

async function checkBehind(user: User, set: readonly Layer[]): Promise<{ names: string[]; reports: CheckReport[] }> {
  const script = path.join(__dirname, 'check-behind.cjs');
  const orders = path.join(folder, 'orders.json');
  const [program = '', ...args] = [
    ...(user === 'a normal user' && isRoot ? AS_NORMAL_USER : []),
    ...[process.execPath, script, BUILT, JSON.stringify(set), IMAGES, orders],
  ];
  const { stdout } = await promisify(execFile)(program, args, { timeout: SUITE_MS, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as { names: string[]; reports: CheckReport[] };
}

test.each(SETS.filter(([user]) => isRoot || user === 'a normal user'))(
  '%s behind %j: no program escapes or forges a verdict, and correct ones pass',
  async (user, set) => {
    const { names, reports } = await checkBehind(user, set);
    expect(names).toEqual([...set, NODE_PERMISSIONS]);
    expect(reports).toHaveLength(ESCAPES.length + RIGHT.length);
    reports.slice(0, ESCAPES.length).forEach(expectNoEscape);
    for (const report of reports.slice(ESCAPES.length)) expect(report).toMatchObject({ executed: true, passed: true });
  },
  SUITE_MS,
);
