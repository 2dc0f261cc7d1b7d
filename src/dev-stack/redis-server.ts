/**
 * The Redis server of a start. It has an append-only file, so that streams and conversations survive its end. Tests and the benchmark
 * start theirs with the same arguments.
 */
import { existsSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

export const REDIS_PORT = 6379;
const REPLY_TIMEOUT_MS = 500;

/** Returns the arguments of our Redis server; without `dir` it stores nothing on disk. */
export function redisServerArgs({ port, dir }: { port: number; dir?: string }): string[] {
  const storage = dir ? ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', dir] : ['--appendonly', 'no'];
  // Eviction would drop parts of open runs; a write that fails with an error is better.
  return [...storage, '--save', '', '--bind', '127.0.0.1', '--port', String(port), '--maxmemory-policy', 'noeviction'];
}

/** Whether a Redis on the port answers PING without a password. */
export async function answersPing(port: number): Promise<boolean> {
  return (await sendCommand(port, ['PING'])).startsWith('+PONG');
}

/**
 * Whether a Redis that is already running on this machine may be used. One that belongs to another start of this project may not: it would
 * disappear when that one stops.
 */
export async function isRedisToShare(port = REDIS_PORT): Promise<boolean> {
  if (!(await answersPing(port))) return false;
  const folder = (await sendCommand(port, ['CONFIG', 'GET', 'dir'])).split('\r\n').at(-2) ?? '';
  return !existsSync(join(folder, '..', 'run', 'ports.json'));
}

/** Sends one command over a separate connection; returns the raw reply, empty if there is none in time. */
function sendCommand(port: number, words: string[]): Promise<string> {
  const request = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const answer = (text: string) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(REPLY_TIMEOUT_MS, () => answer(''));
    socket.once('connect', () => socket.write(request));
    socket.once('data', (bytes) => answer(bytes.toString('utf8')));
    socket.once('error', () => answer(''));
  });
}
