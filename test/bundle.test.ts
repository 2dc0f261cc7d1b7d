/** Bundles: their compiled code is used, belongs to exactly one text, and is not needed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadBundle, writeCode } from '../src/bundle';

const DIST = path.join(__dirname, '../dist');
let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'murmuration-bundle-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a bundle of one module, whose name is 64 times a digit. */
function writeBundle(digit: number, module: string): string {
  const file = path.join(folder, `${digit}.js`);
  writeFileSync(
    file,
    `// bundle ${String(digit).repeat(64)}\n(function (exports, require, module, __filename) {${module}})`,
  );
  return file;
}

const listCode = () => readdirSync(folder).filter((file) => file.endsWith('.code'));

test('a bundle gets the path of its file and the modules of Node and of packages', () => {
  const file = writeBundle(1, `exports.found = [__filename, require('node:path').sep, typeof require]`);
  expect(loadBundle(file)).toEqual({ found: [file, path.sep, 'function'] });
});

test('the compiled code lies next to the bundle, and holds what the bundle loads later', async () => {
  const file = writeBundle(
    2,
    `let is = 'small'; exports.loadModules = async () => { is = 'large' }; exports.size = () => is;`,
  );
  await writeCode(file, file);
  expect(listCode()).toContain(`${'2'.repeat(64)}.code`);
  const { size } = loadBundle(file) as { size(): string };
  expect(size()).toBe('small');
});

test('damaged code is not used', async () => {
  const file = writeBundle(3, `exports.value = 'right'`);
  await writeCode(file, file);
  const code = path.join(folder, `${'3'.repeat(64)}.code`);
  writeFileSync(code, readFileSync(code).reverse());
  expect(loadBundle(file)).toEqual({ value: 'right' });
});

test('code of another text is not used, even if the text has the same length', async () => {
  const older = writeBundle(4, `exports.value = 'older'`);
  await writeCode(older, older);
  writeFileSync(
    path.join(folder, '4.js'),
    readFileSync(path.join(folder, '4.js'), 'utf8').replaceAll('4', '5').replace('older', 'newer'),
  );
  expect(loadBundle(path.join(folder, '4.js'))).toEqual({ value: 'newer' });
});

test('text outside of ASCII is read as it is', () => {
  expect(loadBundle(writeBundle(6, `exports.text = 'Grüße, 世界'`))).toEqual({ text: 'Grüße, 世界' });
});

test('a module that is not a bundle is loaded as a module', () => {
  const file = path.join(folder, 'module.js');
  writeFileSync(file, `exports.plain = true`);
  expect(loadBundle(file)).toEqual({ plain: true });
});

/** Loads a bundle of the build in a process of its own, in the main thread or another; prints whether V8 rejected the code. */
const PROBE = `
  const vm = require('node:vm');
  const { isMainThread, Worker, workerData } = require('node:worker_threads');
  const [dist, file, inThread] = isMainThread ? process.argv.slice(1) : workerData;
  const { Script } = vm;
  vm.Script = class extends Script {
    constructor(text, options) {
      super(text, options);
      if (options?.cachedData) console.log('rejected: ' + this.cachedDataRejected);
    }
  };
  if (isMainThread && inThread) new Worker(process.env.PROBE, { eval: true, workerData: [dist, file] });
  else {
    require(dist + '/bundle.js').loadBundle(dist + '/' + file);
    if (!isMainThread) process.exit();
  }`;

test.each([
  ['processes/index.js', ''],
  ['processes/workflow-thread.js', 'in a thread'],
])('the build compiles %s for this version of Node', (file, inThread) => {
  const args = ['-e', PROBE, DIST, file, inThread];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, PROBE } });
  expect(output.trim()).toBe('rejected: false');
});
