/**
 * What code can do after escaping from its language, behind each set of layers: as root and as a normal user, with the control that it can
 * do everything without layers. If this machine lacks a layer, its tests fail.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Layer } from '../../src/sandbox/host/isolation-layers';
import { provideImages } from '../../src/sandbox/host/image';
import { IMAGES } from './images';

const BUILT = path.join(__dirname, '../../dist/sandbox');
const NORMAL_USER = 1234;
const isRoot = process.getuid?.() === 0;
const AS_NORMAL_USER = ['setpriv', `--reuid=${NORMAL_USER}`, `--regid=${NORMAL_USER}`, '--clear-groups'];

type User = 'root' | 'a normal user';

interface Outcome {
  names: string[];
  protects: string[];
  tried: number;
  reached: string[];
  complaint: string;
  outputs: (string | false)[];
  status: { layers: string[]; unprotected: string[] };
}

beforeAll(() => provideImages(IMAGES, path.join(BUILT, 'guest')), 120_000);

async function behind(user: User, set: readonly Layer[], folder = IMAGES): Promise<Outcome> {
  const script = path.join(__dirname, 'behind-layers.cjs');
  const switchUser = user === 'a normal user' && isRoot ? AS_NORMAL_USER : [];
  const [program = '', ...args] = [...switchUser, process.execPath, script, BUILT, JSON.stringify(set), folder];
  const { stdout } = await promisify(execFile)(program, args, { timeout: 110_000 });
  return JSON.parse(stdout) as Outcome;
}

/** Without the last one, during which Node may abort. */
const ATTEMPTS = 13;
const ALL = ['network', 'files', 'processes', 'memory'];
const EVERYWHERE: Layer[] = ['prlimit', 'landlock', 'seccomp'];
const USERS: User[] = isRoot ? ['root', 'a normal user'] : ['a normal user'];

/** Sets that must be sufficient, as different machines may offer them. */
const COMPLETE: [user: User, set: Layer[]][] = [
  ['root', ['other user', 'bubblewrap', ...EVERYWHERE]],
  ['root', ['namespaces', 'other user', ...EVERYWHERE]],
  ['root', ['other user', ...EVERYWHERE]],
  ['a normal user', ['bubblewrap', ...EVERYWHERE]],
  ['a normal user', ['namespaces', ...EVERYWHERE]],
];
/** As in a container without privileges: only the container's own limit counts threads there. */
const THREADS = 'start 80 threads';

describe.each(COMPLETE.filter(([user]) => USERS.includes(user)))('%s behind %j', (user, set) => {
  test('escaped code can do nothing, and programs are executed', async () => {
    const outcome = await behind(user, set);
    expect(outcome).toMatchObject({ names: set, protects: ALL, outputs: ['2\n', '3\n'] });
    expect(outcome.tried).toBeGreaterThanOrEqual(ATTEMPTS);
    const shared = set.includes('other user') && !set.includes('bubblewrap');
    expect(outcome.reached).toEqual(shared ? [THREADS] : []);
    expect(outcome.status).toEqual({ layers: [...set, 'node permissions'], unprotected: [] });
  }, 120_000);
});

describe.each(USERS)('%s', (user) => {
  test('behind layers that need no privileges, as in a container, escaped code can only start threads', async () => {
    const outcome = await behind(user, EVERYWHERE);
    expect(outcome).toMatchObject({ names: EVERYWHERE, protects: ALL, outputs: ['2\n', '3\n'] });
    expect(outcome.tried).toBeGreaterThanOrEqual(ATTEMPTS);
    expect(outcome.reached).toEqual([THREADS]);
  }, 120_000);

  test('without layers it can do everything, and the status says so', async () => {
    const outcome = await behind(user, []);
    expect(outcome).toMatchObject({ names: [], protects: [], outputs: ['2\n', '3\n'] });
    expect(outcome.reached).toHaveLength(ATTEMPTS + 1);
    expect(outcome.status).toEqual({ layers: ['node permissions'], unprotected: ALL });
  }, 120_000);

  test.each([
    ['bubblewrap', ['network', 'files']],
    ['namespaces', ['network']],
    ['landlock', ['files']],
    ['seccomp', ['network', 'processes']],
    ['prlimit', ['memory']],
  ] as const)(
    '%s alone protects %j',
    async (layer, protects) => {
      const outcome = await behind(user, [layer], '');
      expect(outcome).toMatchObject({ names: [layer], protects: expect.arrayContaining([...protects]) as string[] });
      expect(outcome.reached.length).toBeGreaterThan(0);
      if (protects.includes('network' as never)) expect(outcome.reached).not.toContain('connect by TCP');
      if (protects.includes('files' as never)) expect(outcome.reached).not.toContain('read a file of the worker');
    },
    120_000,
  );
});
