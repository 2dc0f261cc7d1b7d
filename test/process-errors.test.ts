/** An unhandled rejection does not end a process; an uncaught exception ends it with a log line. */
import { execFile } from 'node:child_process';
import path from 'node:path';

const dist = (file: string) => JSON.stringify(path.join(__dirname, '../dist', file));

function run(script: string, isHandled = true): Promise<{ code: number; lines: string[] }> {
  const handling = `require(${dist('process-errors.js')}).handleStrayErrors(require(${dist('log.js')}).createLog('test', 'info'));`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', `${isHandled ? handling : ''}${script}`], (error, stdout) => {
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trim().split('\n') });
    });
  });
}

const REJECTS = "void Promise.reject(new TypeError('stray')); setTimeout(() => console.log('alive'), 50);";

test('a rejection is logged, and the process continues', async () => {
  const { code, lines } = await run(REJECTS);
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('alive');
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, error: { name: 'TypeError', message: 'stray' } });
});

test('without the handler it ends the process', async () => {
  expect(await run(REJECTS, false)).toEqual({ code: 1, lines: [''] });
});

test('an exception is logged, and ends the process', async () => {
  const { code, lines } = await run(
    "setTimeout(() => { throw new RangeError('lost'); }); setTimeout(() => console.log('alive'), 50);",
  );
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 60, error: { name: 'RangeError', message: 'lost' } });
});
