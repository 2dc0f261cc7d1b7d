// @ts-check
// Fetches one large file over HTTP: gives up quickly on a host that cannot be reached, goes on where a broken transfer
// stopped.

import { createWriteStream, statSync } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CalledOff } from './failure.mjs';

const CONNECT_TIMEOUT_MS = 5000;
const STALL_TIMEOUT_MS = 30_000;
const TRIES = 5;

/**
 * Fetches a URL into a file, after the bytes that the file already holds.
 * @param {string} url
 * @param {string} file
 * @param {{signal: AbortSignal, onBytes: (done: number, total: number | undefined) => void}} options
 */
export async function download(url, file, { signal, onBytes }) {
  for (let attempt = 1; ; attempt += 1) {
    const before = sizeOf(file);
    try {
      return await transfer(url, file, { signal, onBytes });
    } catch (error) {
      if (signal.aborted) throw new CalledOff();
      // A transfer that moved is worth going on with; a host that gave nothing is not there.
      if (sizeOf(file) === before || attempt === TRIES)
        throw new Error(`${new URL(url).host}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/**
 * @param {string} url
 * @param {string} file
 * @param {{signal: AbortSignal, onBytes: (done: number, total: number | undefined) => void}} options
 */
async function transfer(url, file, { signal, onBytes }) {
  const offset = sizeOf(file);
  const watch = createStallWatch();
  const limits = AbortSignal.any([signal, watch.signal]);
  try {
    const reply = await fetch(url, { headers: offset ? { range: `bytes=${offset}-` } : {}, signal: limits });
    if (reply.status === 416) return; // nothing beyond what we have
    if (!reply.ok || !reply.body) throw new Error(`HTTP ${reply.status}`);
    const resumed = reply.status === 206;
    const length = Number(reply.headers.get('content-length')) || undefined;
    let done = resumed ? offset : 0;
    const total = length && length + done;
    const count = new Transform({
      transform(chunk, _encoding, pass) {
        watch.alive();
        onBytes((done += chunk.length), total);
        pass(undefined, chunk);
      },
    });
    await pipeline(reply.body, count, createWriteStream(file, { flags: resumed ? 'a' : 'w' }), { signal: limits });
  } finally {
    watch.stop();
  }
}

/** Aborts when the first byte, or later any byte, is too long in coming. */
function createStallWatch() {
  const controller = new AbortController();
  const expire = (/** @type {number} */ ms) =>
    setTimeout(() => controller.abort(new Error(`no answer in ${ms / 1000} s`)), ms);
  let timer = expire(CONNECT_TIMEOUT_MS);
  const stop = () => clearTimeout(timer);
  const alive = () => {
    stop();
    timer = expire(STALL_TIMEOUT_MS);
  };
  return { signal: controller.signal, alive, stop };
}

/** @param {unknown} error */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || /** @type {NodeJS.ErrnoException} */ (cause).code || cause.name;
}

/** @param {string} file */
function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
