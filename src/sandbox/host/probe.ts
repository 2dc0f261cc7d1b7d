/** Finds out what a program can do behind layers, by trying it there. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROTECTIONS, type ProtectionTrial, type ProbeTargets, type Protection } from './protections';

const TIMEOUT_MS = 10_000;
/** The memory that a program must fail to allocate, beyond any limit. Bytes. */
const BYTES_BEYOND_LIMIT = 1024 * 1024 * 1024;

/** Returns what is protected behind this prefix; undefined if Node does not start there, or if one of `claimed` is not protected. */
export type Probe = (prefix: readonly string[], claimed: readonly Protection[]) => Promise<Protection[] | undefined>;

export interface ProbeOptions {
  /** The folder with the compiled programs of `guest/`. */
  guest: string;
  readable: readonly string[];
  memoryBytes: number;
  /** Called with the reason for which a candidate was rejected. */
  onRejected?: (prefix: readonly string[], reason: string) => void;
}

/** Calls `work` with a probe, and provides the servers and the file that its attempts target. */
export async function withProbe<T>(options: ProbeOptions, work: (probe: Probe) => Promise<T>): Promise<T> {
  // without a writable folder, the protection of files and processes is tested by other attempts
  const folder = await mkdtemp(path.join(tmpdir(), 'murmuration-probe-')).catch(() => undefined);
  const [secret, socket] = folder ? [path.join(folder, 'secret'), path.join(folder, 'socket')] : ['', ''];
  const servers = [createServer((caller) => caller.destroy()), createServer((caller) => caller.destroy())] as const;
  const datagrams = createSocket('udp4', (_text, from) => datagrams.send('answer', from.port, from.address));
  try {
    if (folder) {
      await writeFile(secret, 'secret', { mode: 0o600 });
      await once(servers[1].listen(socket), 'listening');
    }
    await Promise.all([
      once(servers[0].listen(0, '127.0.0.1'), 'listening'),
      once(datagrams.bind(0, '127.0.0.1'), 'listening'),
    ]);
    const { port } = servers[0].address() as AddressInfo;
    const targets = { port, datagramPort: datagrams.address().port, socket, secret, parent: process.pid };
    const { readable, memoryBytes } = options;
    const bytes = memoryBytes + BYTES_BEYOND_LIMIT;
    return await work(createProbe({ ...targets, readable: [...readable], bytes }, options));
  } finally {
    servers.forEach((server) => server.close());
    datagrams.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}

function createProbe(targets: ProbeTargets, { guest, onRejected = () => undefined }: ProbeOptions): Probe {
  const program = [process.execPath, path.join(guest, 'probe.js'), JSON.stringify(targets)];
  return async (prefix, claimed) => {
    const { attempts, failure } = await run([...prefix, ...program]);
    const isOver = attempts.some(({ protection }) => protection === 'network');
    // the memory attempt comes last, and Node may crash when it fails
    if (!isOver) return void onRejected(prefix, failure);
    const reached = attempts.filter((attempt) => attempt.reached).map(({ protection }) => protection);
    const open = claimed.find((protection) => reached.includes(protection));
    if (open) return void onRejected(prefix, `It does not protect ${open}.`);
    return PROTECTIONS.filter((protection) => !reached.includes(protection));
  };
}

function run([program = '', ...args]: string[]): Promise<{ attempts: ProtectionTrial[]; failure: string }> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { env: {}, cwd: '/', timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, out, complaint) => {
        const lines = out.split('\n').filter(Boolean);
        const failure = complaint.trim().split('\n').at(-1) || error?.message.split('\n')[0] || 'It ended early.';
        resolve({ attempts: lines.map((line) => JSON.parse(line) as ProtectionTrial), failure });
      },
    );
  });
}
