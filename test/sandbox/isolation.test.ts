/**
 * A layer that stops working under a live sandbox: the sandbox detects and logs it, continues without it if allowed, and detects its
 * return.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { provideImages } from '../../src/sandbox/host/image';
import { IMAGES } from './images';

const BUILT = path.join(__dirname, '../../dist/sandbox');
/** Only root can hide a program from a single process. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;

interface Seen {
  before: [outcome: string, layers: string[]];
  outcomes: string[];
  during: { layers: string[]; unprotected: string[]; problem?: string };
  after: [outcome: string, status: Seen['during']];
  logged: { level: string; message: string; lost?: string[]; reason?: string }[];
}

beforeAll(() => provideImages(IMAGES, path.join(BUILT, 'guest')), 120_000);

async function lose(program: string, mode: 'auto' | 'strict'): Promise<Seen> {
  const script = path.join(__dirname, 'lost-layers.cjs');
  const args = ['--mount', '--propagation', 'private', process.execPath, script, BUILT, IMAGES, program, mode];
  const { stdout } = await promisify(execFile)('unshare', args, { timeout: 110_000 });
  return JSON.parse(stdout) as Seen;
}

asRoot(
  'a program is executed behind the layers that are left, and the log says at error level what was lost',
  async () => {
    const { before, outcomes, during, logged } = await lose('/usr/bin/bwrap', 'auto');
    expect(before).toEqual(['passed', expect.arrayContaining(['bubblewrap', 'other user', 'seccomp'])]);
    expect(outcomes).toEqual(['passed', 'passed', 'passed']);
    expect(during.layers).toEqual(['namespaces', 'other user', 'prlimit', 'landlock', 'seccomp', 'node permissions']);
    expect(during).not.toHaveProperty('problem');
    const errors = logged.filter(({ level }) => level === 'error');
    expect(errors.map(({ message }) => message)).toEqual([
      'a sandbox process did not start',
      'isolation layers stopped working',
    ]);
    expect(errors[0]?.reason).toContain('did not start');
    expect(errors[1]?.lost).toEqual(['bubblewrap']);
  },
  120_000,
);

asRoot(
  'where too little is left, nothing is executed and the status says why, until it works again by itself',
  async () => {
    const { before, outcomes, during, after } = await lose('/usr/bin/perl', 'strict');
    expect(before[0]).toBe('passed');
    const [, ...refused] = outcomes;
    for (const outcome of refused) expect(outcome).toMatch(/^SandboxUnavailable: .*(strict demands|does not start)/);
    expect(during.problem).toMatch(/SANDBOX_ISOLATION=strict demands layers that protect processes/);
    expect(after).toEqual(['passed', { layers: before[1], unprotected: [] }]);
  },
  120_000,
);
