/** The Temporal program is used only from the pinned archive, and its build uses only pinned modules. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { downloadTemporal } from '../../src/dev-stack/temporal-program';

const MODULE = path.join(__dirname, '../../src/dev-stack/temporal-program.ts');
const BUILD = path.join(__dirname, '../../src/dev-stack/temporal-build');
const PLATFORM = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;

let folder: string;
let archive: Buffer;
let server: Server;
const asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'murmuration-temporal-'));
  writeFileSync(path.join(folder, 'temporal'), '#!/bin/sh\necho made\n');
  chmodSync(path.join(folder, 'temporal'), 0o755);
  execFileSync('tar', ['-czf', path.join(folder, 'a.tar.gz'), '-C', folder, 'temporal']);
  archive = readFileSync(path.join(folder, 'a.tar.gz'));
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(archive);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function download(expected: string): Promise<{ target: string; failure: string }> {
  const target = path.join(folder, `bin-${expected.slice(0, 8)}`);
  const release = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = { step: { update() {}, showBytes() {} }, signal: new AbortController().signal };
  const source = { release, archives: { [PLATFORM]: expected } };
  const failure = await downloadTemporal(target, context, source).then(
    () => '',
    (error: Error) => error.message,
  );
  return { target, failure };
}

test('an archive with another SHA-256 is rejected and removed', async () => {
  const { target, failure } = await download('0'.repeat(64));
  expect(failure).toBe('the archive that came is not the release (SHA-256 differs)');
  expect([existsSync(target), existsSync(`${target}-download`)]).toEqual([false, false]);
});

test('the archive with the pinned SHA-256 is unpacked, from an address that names its version', async () => {
  const { target, failure } = await download(createHash('sha256').update(archive).digest('hex'));
  expect(failure).toBe('');
  expect(execFileSync(target).toString()).toBe('made\n');
  expect(asked.at(-1)).toMatch(/^\/temporal_cli_\d+\.\d+\.\d+_\w+\.tar\.gz$/);
});

test('each platform has its SHA-256, and no address contains "latest"', () => {
  const text = readFileSync(MODULE, 'utf8');
  const pinned = [...text.matchAll(/^ {2}(\w+): '([0-9a-f]{64})',$/gm)].map(([, platform]) => platform);
  expect(pinned).toEqual(['darwin_amd64', 'darwin_arm64', 'linux_amd64', 'linux_arm64']);
  expect(text).not.toContain('latest');
});

test('each module that the build requires is pinned by a checksum', () => {
  const required = [...readFileSync(path.join(BUILD, 'go.mod'), 'utf8').matchAll(/^\t(\S+ v\S+)/gm)].map(
    ([, it]) => it!,
  );
  const sums = readFileSync(path.join(BUILD, 'go.sum'), 'utf8');
  expect(required.length).toBeGreaterThan(100);
  expect(required.filter((it) => !sums.includes(`${it} h1:`) && !sums.includes(`${it}/go.mod h1:`))).toEqual([]);
  expect(sums.match(/^github\.com\/temporalio\/cli v1\.5\.1 h1:/m)).not.toBeNull();
});
