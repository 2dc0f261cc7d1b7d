/** A read-only environment, as in a container: the worker's folder is not writable, but the temporary one is. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.join(__dirname, '../..');
const SANDBOX = path.join(ROOT, 'dist/sandbox/host/sandbox.js');
/** Nobody can create a folder there, not even root, for whom no folder is read-only. */
const UNWRITABLE = '/dev/null/sandbox';

const own = mkdtempSync(path.join(tmpdir(), 'murmuration-test-'));
const temporary = path.join(own, 'temporary');
const image = path.join(own, 'image');
[temporary, image].forEach((folder) => mkdirSync(folder));
afterAll(() => rmSync(own, { recursive: true }));

const inNode = (args: string[], options: { cwd: string; env?: NodeJS.ProcessEnv }) =>
  promisify(execFile)(process.execPath, args, options);

/** The reports of a worker with these folders for a Python and a JavaScript program. */
async function reportsWith(folder: string, temporaryFolder: string, cwd = own): Promise<unknown> {
  const program = `
    const { createSandbox } = require(${JSON.stringify(SANDBOX)});
    const sandbox = createSandbox({ folder: ${JSON.stringify(folder)} });
    const run = (language, path, text) => sandbox.check({ language, files: [{ path, text }] });
    Promise.all([run('python', 'main.py', 'print(1 + 1)'), run('javascript', 'main.js', 'console.log(1 + 2)')])
      .then((reports) => console.log(JSON.stringify(reports)))
      .finally(() => sandbox.close())`;
  const { stdout } = await inNode(['-e', program], { cwd, env: { ...process.env, TMPDIR: temporaryFolder } });
  return JSON.parse(stdout);
}

const EXECUTED = [
  { executed: true, passed: true, output: '2\n' },
  { executed: true, passed: true, output: '3\n' },
];

test('programs are executed although the sandbox’s folder is read-only, and nothing is left behind', async () => {
  expect(await reportsWith(UNWRITABLE, temporary)).toMatchObject(EXECUTED);
  expect(readdirSync(temporary)).toEqual([]);
}, 120_000);

test('the container image contains the sandbox images that a worker looks for', async () => {
  const [, made = ''] = /^RUN node -e "(.*)"$/m.exec(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  symlinkSync(path.join(ROOT, 'dist'), path.join(image, 'dist'));
  await inNode(['-e', made], { cwd: image });
  expect(await reportsWith('.data/sandbox', UNWRITABLE, image)).toMatchObject(EXECUTED);
  expect(readdirSync(path.join(image, '.data/sandbox'))).toHaveLength(2);
}, 120_000);
