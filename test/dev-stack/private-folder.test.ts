/** Only their owner can read the files of `npm start`, including those that an earlier version left open. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makePrivate } from '../../src/dev-stack/private-folder';
import { freePort, start } from '../support/processes';
import { createScriptedGateway } from '../support/scripted-gateway';
import { until } from '../support/stack';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'murmuration-private-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ROOT = path.join(__dirname, '../..');
const readMode = (file: string) => lstatSync(file).mode & 0o777;

const makePrivateAway = (dataDir: string) => makePrivate({ root: '/nowhere', dataDir });

/** Returns everything below a folder that users other than its owner may read, write or enter. */
function openBelow(place: string): string[] {
  const state = lstatSync(place);
  if (state.isSymbolicLink()) return [];
  const inner = state.isDirectory() ? readdirSync(place).flatMap((name) => openBelow(path.join(place, name))) : [];
  return [...((state.mode & 0o077) === 0 ? [] : [place]), ...inner];
}

test('a missing folder is created for its owner only', () => {
  const dataDir = path.join(folder, 'deep/.data');
  expect(makePrivateAway(dataDir)).toEqual([]);
  expect(readMode(dataDir)).toBe(0o700);
});

test('files that an earlier start left open are closed, and a program stays executable', () => {
  const dataDir = path.join(folder, '.data');
  for (const inner of ['log', 'redis/appendonlydir', 'run', 'bin'])
    mkdirSync(path.join(dataDir, inner), { recursive: true });
  for (const file of [
    'log/api.log',
    'redis/appendonlydir/a.aof',
    'run/api.pid',
    'temporal.db',
    'temporal.db-wal',
    'bin/temporal',
  ])
    writeFileSync(path.join(dataDir, file), '');
  chmodSync(path.join(dataDir, 'bin/temporal'), 0o755);
  chmodSync(path.join(dataDir, 'temporal.db'), 0o666);
  expect(makePrivateAway(dataDir)).toEqual([]);
  expect(openBelow(dataDir)).toEqual([]);
  expect(readMode(path.join(dataDir, 'temporal.db'))).toBe(0o600);
  expect(readMode(path.join(dataDir, 'bin/temporal'))).toBe(0o700);
});

test('files of others are not changed, and links are not followed', () => {
  const [dataDir, other] = [path.join(folder, 'shared'), path.join(folder, 'other')];
  for (const place of [dataDir, other]) mkdirSync(place);
  for (const file of [path.join(dataDir, 'photo.jpg'), path.join(other, 'file')]) writeFileSync(file, '');
  symlinkSync(other, path.join(dataDir, 'log'));
  for (const place of [dataDir, other]) chmodSync(place, 0o755);
  expect(makePrivateAway(dataDir)).toEqual([dataDir]);
  expect([dataDir, other].map(readMode)).toEqual([0o755, 0o755]);
  expect(readMode(path.join(other, 'file')) & 0o044).not.toBe(0);
});

test('everything that a start and its processes write is private', async () => {
  const dataDir = path.join(folder, '.data');
  mkdirSync(path.join(dataDir, 'log'), { recursive: true });
  writeFileSync(path.join(dataDir, 'log/api.log'), '', { mode: 0o644 });
  const gateway = await createScriptedGateway();
  const port = await freePort();
  const env = {
    DATA_DIR: dataDir,
    PORT: String(port),
    GATEWAY_URL: gateway.url,
    CORS_ORIGINS: '*',
    REDIS_URL: '',
    TEMPORAL_ADDRESS: '',
  };
  const product = start(process.execPath, [path.join(ROOT, 'bootstrap/run.mjs'), 'start'], env);
  await until(() => product.output().includes('Murmuration is ready'), 120_000);
  // the sandbox keeps its image there once a program is written
  await fetch(`http://127.0.0.1:${port}/swarm/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ swarm_id: 'coding-swarm', message: 'Write add(a, b).' }),
  });
  await until(() => existsSync(path.join(dataDir, 'sandbox')) && existsSync(path.join(dataDir, 'temporal.db')), 60_000);
  expect(openBelow(dataDir)).toEqual([]);
  expect(product.output()).toMatch(/Warning: CORS_ORIGINS=\*/);
  await product.stop();
  expect(openBelow(dataDir)).toEqual([]);
  await gateway.stop();
}, 240_000);
