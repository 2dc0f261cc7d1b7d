/** Where nothing can be written to, as in a container: the worker's folder is of no use, the temporary one is. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const SANDBOX = path.join(__dirname, '../../dist/sandbox/sandbox.js');
/** Nobody can make a folder there, not even root, to whom no folder is read-only. */
const UNWRITABLE = '/dev/null/sandbox';

const temporary = mkdtempSync(path.join(tmpdir(), 'murmuration-test-'));
afterAll(() => rmSync(temporary, { recursive: true }));

test('programs are executed although the folder of the sandbox cannot be written to, and nothing is left behind', async () => {
  const program = `
    const { createSandbox } = require(${JSON.stringify(SANDBOX)});
    const sandbox = createSandbox({ folder: ${JSON.stringify(UNWRITABLE)} });
    const run = (language, path, text) => sandbox.check({ language, files: [{ path, text }] });
    Promise.all([run('python', 'main.py', 'print(1 + 1)'), run('javascript', 'main.js', 'console.log(1 + 2)')])
      .then((reports) => console.log(JSON.stringify(reports)))
      .finally(() => sandbox.close())`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], {
    env: { ...process.env, TMPDIR: temporary },
  });
  expect(JSON.parse(stdout)).toMatchObject([
    { executed: true, passed: true, output: '2\n' },
    { executed: true, passed: true, output: '3\n' },
  ]);
  expect(readdirSync(temporary)).toEqual([]);
}, 120_000);
