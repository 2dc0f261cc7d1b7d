/**
 * Downloads one large file over HTTP, using the proxies in HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Gives up quickly on an unreachable
 * host, and continues a broken transfer where it stopped.
 */
import { createWriteStream, statSync, type WriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';

const CONNECT_TIMEOUT_MS = 5000;
const STALL_TIMEOUT_MS = 30_000;
const TRIES = 5;

interface DownloadOptions {
  signal: AbortSignal;
  onBytes: (done: number, total: number | undefined) => void;
}

/** Downloads a URL to a file, continuing after the bytes that the file already has. */
export async function download(url: string, file: string, options: DownloadOptions): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = readSize(file);
    try {
      return await transfer(url, file, options);
    } catch (error) {
      options.signal.throwIfAborted();
      // Continue a transfer that made progress; a host that sent nothing is considered unreachable.
      if (readSize(file) === before || attempt === TRIES)
        throw new Error(`${new URL(url).host}: ${describeReason(error)}`, { cause: error });
    }
  }
}

async function transfer(url: string, file: string, { signal, onBytes }: DownloadOptions): Promise<void> {
  const offset = readSize(file);
  const watch = createStallWatch();
  const limits = AbortSignal.any([signal, watch.signal]);
  const dispatcher = new EnvHttpProxyAgent();
  try {
    const headers: Record<string, string> = offset ? { range: `bytes=${offset}-` } : {};
    const reply = await fetch(url, { headers, signal: limits, dispatcher });
    if (reply.status === 416) return; // nothing beyond what we have
    if (!reply.ok || !reply.body) throw new Error(`HTTP ${reply.status}`);
    const resumed = reply.status === 206;
    const length = Number(reply.headers.get('content-length')) || undefined;
    let done = resumed ? offset : 0;
    const total = length && length + done;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, pass) {
        watch.alive();
        onBytes((done += chunk.length), total);
        pass(undefined, chunk);
      },
    });
    await writeTo(file, resumed ? 'a' : 'w', (target) => pipeline(reply.body ?? [], count, target, { signal: limits }));
  } finally {
    watch.stop();
    await dispatcher.destroy();
  }
}

/** Settles when the file is closed: otherwise its size could be read before a pending write. */
async function writeTo(file: string, flags: string, write: (target: WriteStream) => Promise<void>): Promise<void> {
  const target = createWriteStream(file, { flags });
  const closed = new Promise<void>((resolve) => target.once('close', resolve));
  await write(target).finally(() => closed);
}

/** Aborts when the first byte, or any later one, takes too long. */
function createStallWatch(): { signal: AbortSignal; alive(): void; stop(): void } {
  const controller = new AbortController();
  const expire = (ms: number) => setTimeout(() => controller.abort(new Error(`no answer in ${ms / 1000} s`)), ms);
  let timer = expire(CONNECT_TIMEOUT_MS);
  const stop = () => clearTimeout(timer);
  const alive = () => {
    stop();
    timer = expire(STALL_TIMEOUT_MS);
  };
  return { signal: controller.signal, alive, stop };
}

function describeReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || ('code' in cause && String(cause.code)) || cause.name;
}

function readSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
