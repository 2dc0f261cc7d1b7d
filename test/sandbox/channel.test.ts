/** Children that break the protocol: whatever one sends, its parent continues, and none of its checks passes. */
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Child } from '../../src/sandbox/host/child';
import { runProgram } from '../../src/sandbox/host/run-program';

const SCRIPT = path.join(__dirname, 'hostile-child.cjs');
const PROGRAM = { language: 'python', interpreter: 'python', files: [{ path: 'main.py', text: 'x' }] } as const;
const CHECKS = [{ name: 'the demand', code: 'f(2)', expected: '4' }];

/** The report of a child that misbehaves in this way at a request. */
async function play(part: string, at = 'check', wallMs = 20_000, prefix: readonly string[] = []) {
  const command = [...prefix, process.execPath, SCRIPT, part, at];
  const child = new Child({ command, memoryBytes: 1e9, outputLimit: 100_000 });
  try {
    return await runProgram(
      child,
      { ...PROGRAM, files: [...PROGRAM.files] },
      { checks: CHECKS, ownTests: true },
      wallMs,
    );
  } finally {
    await child.stop();
  }
}

const INVALID = [
  'an acknowledgement of a handle',
  'a message of the old channel',
  'a step of the old channel',
  'no secret',
  'an empty secret',
  'a secret that it has made up',
  'a secret in capitals',
  'the secret of the request before',
  'all secrets at once',
  'an answer before it was asked again',
  'an unknown kind',
  'no kind',
  'a second warm-up',
  'a value that is no text',
  'a value that is an object',
  'an end that is a word',
  'a failure without an error',
  'a verdict of its own',
  'no result',
  'a result that is null',
  'a list as a result',
  'a list as a message',
  'a number as a message',
  'null as a message',
  'a prototype',
  'a prototype in its result',
  'a constructor in its result',
  'a value that is too long',
  'an error that is too long',
  'no JSON',
  'JSON and more',
  'deep JSON',
  'deep JSON that ends',
  'bytes that are no text',
  'a frame without a body',
  'a frame of 4 GB',
  'a frame that is a byte too long',
  'a text without frames',
  'half a frame, and its end',
  'half a header, and its end',
  'a closed pipe',
  'output without a text',
  'output that is no text',
  'output in a piece that is too long',
  'output in too many pieces',
];
const INVALID_TESTS = [
  'too many tests at once',
  'tests without names',
  'tests that are null',
  'tests with long names',
  'a prototype in its result',
];

describe('a child that breaks the protocol', () => {
  test.each<[part: string, at: string]>([
    ...INVALID.map((part): [string, string] => [part, 'check']),
    ...INVALID_TESTS.map((part): [string, string] => [part, 'discover']),
    ['an acknowledgement of a handle', 'prepare'],
    ['a value that is no text', 'load'],
    ['no secret', 'test'],
    ['an answer before it was asked again', 'test'],
    ['a message after the last request', 'test'],
  ])('by %s at the request %s counts as tampered with', async (part, at) => {
    const report = await play(part, at);
    expect(report).toMatchObject({ executed: false, passed: false, checks: [] });
    expect(report.reason).toContain('the sandbox was tampered with');
  });

  test.each(['an acknowledgement of a handle', 'a text without frames', 'output in a piece that is too long'])(
    'before it is warm, by %s, never becomes ready',
    async (part) => {
      await expect(play(part, 'start')).rejects.toThrow('did not start');
    },
  );
});

describe('a child that keeps to the protocol', () => {
  test.each(['none at all', 'an answer byte by byte', 'a flood of complaints'])('with %s passes', async (part) => {
    const report = await play(part);
    expect(report).toMatchObject({ executed: true, passed: true });
    expect(report.checks.map(({ name }) => name)).toEqual(['the program loads', 'the demand', 'test_it']);
  });

  test.each([
    ['nothing more', 'time', 'It took too long and was killed.'],
    ['output without end', 'output', 'It wrote too much and was killed.'],
    ['an end as after too much output', 'output', 'It wrote too much and was killed.'],
  ])('and continues with %s is killed: %s', async (part, killed, error) => {
    const report = await play(part, 'check', 3000);
    expect(report).toMatchObject({ executed: true, passed: false, killed });
    expect(report.checks.map((check) => [check.passed, check.error])).toEqual([
      [true, undefined],
      [false, error],
    ]);
  });

  test.each(['its end', 'an end with a code', 'a failure'])('but answers with %s has not passed', async (part) => {
    const report = await play(part);
    expect(report).toMatchObject({ executed: true, passed: false });
    expect(report.checks.find(({ name }) => name === 'the demand')?.passed).toBe(false);
  });

  test('but continues after the last request has not passed', async () => {
    expect(await play('nothing more', 'test', 2000)).toMatchObject({ passed: false, killed: 'time' });
    expect(await play('the end of its pipe for requests', 'test', 2000)).toMatchObject({
      passed: false,
      killed: 'time',
    });
  });

  test('but reports tests endlessly is stopped, and its report is short', async () => {
    const report = await play('more tests without end', 'discover', 3000);
    expect(report.passed).toBe(false);
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(64 * 1024);
  });
});

/** Programs that set up layers, as far as this machine has them and allows it. */
const WALLS = [
  ['/usr/bin/prlimit', '--nofile=64'],
  ['/usr/bin/setpriv', '--no-new-privs'],
  ['/usr/bin/unshare', '--user', '--map-current-user', '--net', '--ipc', '--uts'],
  ['/usr/bin/bwrap', '--unshare-all', '--die-with-parent', '--new-session', '--ro-bind', '/', '/', '--dev', '/dev'],
].filter(([program = '', ...args]) => spawnSync(program, [...args, process.execPath, '--eval', '0']).status === 0);

test('the pipes work through the programs that set up layers around a child', async () => {
  expect(WALLS.length).toBeGreaterThan(0);
  for (const prefix of [...WALLS, WALLS.flat()]) {
    expect(await play('none at all', 'check', 20_000, prefix)).toMatchObject({ executed: true, passed: true });
    expect(await play('its end', 'check', 20_000, prefix)).toMatchObject({ executed: true, passed: false });
  }
});

test('a child that cannot be started is reported', async () => {
  const child = new Child({ command: ['/nowhere/node'], memoryBytes: 1, outputLimit: 1 });
  await expect(child.ready).rejects.toThrow('ENOENT');
  await child.stop();
});

/** A control: the effect of such a child on its parent when it used Node's own channel. */
test('the channel of Node does not survive the same message', async () => {
  const child = `process.send({ cmd: 'NODE_HANDLE_ACK' }); setTimeout(() => undefined, 5000)`;
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }).on('message', () => undefined)`;
  const run = promisify(execFile)(process.execPath, ['-e', parent], { timeout: 20_000 });
  await expect(run).rejects.toMatchObject({ stderr: expect.stringContaining('ERR_INTERNAL_ASSERTION') as string });
});
