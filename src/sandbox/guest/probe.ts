/**
 * Runs in place of generated code, without Node's permissions, and tries what a program must not be able to do. It writes one line for each
 * attempt; the last ones may crash the process. Its argument is a `ProbeTargets` object in JSON.
 */
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { accessSync, constants, readFileSync, writeSync } from 'node:fs';
import net from 'node:net';
import type { ProtectionTrial, ProbeTargets, Protection } from '../host/protections';

const CHUNK_BYTES = 64 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 500;

async function main(): Promise<void> {
  const { port, datagramPort, socket, secret, parent, readable, bytes } = JSON.parse(
    process.argv[2] ?? '',
  ) as ProbeTargets;
  readable.forEach((place) => accessSync(place, constants.R_OK));
  tell('files', succeeds(() => readFileSync(secret)) || succeeds(() => readFileSync(`/proc/${parent}/environ`)));
  const signals = succeeds(() => process.kill(parent, 0));
  const starts = succeeds(() => {
    if (spawnSync(process.execPath, ['--version']).error) throw new Error('It was not started.');
  });
  tell('processes', signals || starts || (socket !== '' && (await connects({ path: socket }))));
  tell('network', (await connects({ port, host: '127.0.0.1' })) || (await isAnswered(datagramPort)));
  tell(
    'memory',
    succeeds(() => take(bytes)),
  );
  // exits immediately, so that Node's shutdown cannot fail
  process.exit(0);
}

function tell(protection: Protection, reached: boolean): void {
  writeSync(1, `${JSON.stringify({ protection, reached } satisfies ProtectionTrial)}\n`);
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

function connects(address: net.NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ ...address, timeout: ANSWER_TIMEOUT_MS });
    const end = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    const timer = setTimeout(() => resolve(false), ANSWER_TIMEOUT_MS);
    const end = (reached: boolean) => {
      clearTimeout(timer);
      resolve(reached);
    };
    socket.once('message', () => end(true));
    socket.once('error', () => end(false));
    socket.send('probe', port, '127.0.0.1', (error) => error && end(false));
  });
}

/** Memory that is not written to is only reserved, which costs the machine nothing. */
function take(bytes: number): void {
  const chunks: ArrayBuffer[] = [];
  while (chunks.length * CHUNK_BYTES < bytes) chunks.push(new ArrayBuffer(CHUNK_BYTES));
}

main().catch((error: unknown) => {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
