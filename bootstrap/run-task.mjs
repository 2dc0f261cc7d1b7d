// @ts-check
// Runs one task on a running service and shows it live: text on stdout, everything else on stderr.

import { INTERRUPTED } from './interruption.mjs';
import { Refused, RunStream } from './run-stream.mjs';
import { TurnPrinter } from './turn-printer.mjs';

const COMPLETED = 0;
const FAILED = 1;
const USAGE_MISTAKE = 2;
/** What the server calls a mistake in the request itself: no such swarm, an empty text, one that is too long. */
const MISTAKE_STATUSES = [400, 404, 413, 422];
/** Control characters except tab and newline: a model's text must not steer the terminal. */
const CONTROL = /(?![\t\n])\p{Cc}/gu;

/** @typedef {import('./sse.mjs').Frame} Frame */

/**
 * @param {import('./command-line.mjs').Task} task
 * @param {import('./environment.mjs').Environment} place
 * @param {AbortSignal} signal aborted by Ctrl-C
 * @returns {Promise<number>} the exit code
 */
export async function runTask(task, place, signal) {
  const startedAt = Date.now();
  const stream = new RunStream(task, place);
  const cancel = () => void stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const { last, models } = await showRun(stream);
    summarise(last, models, (Date.now() - startedAt) / 1000);
    if (last.event === 'run.completed') return COMPLETED;
  } catch (error) {
    if (!signal.aborted) say(error instanceof Error ? error.message : String(error));
    if (error instanceof Refused && MISTAKE_STATUSES.includes(error.status)) return USAGE_MISTAKE;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  return signal.aborted ? INTERRUPTED : FAILED;
}

/** @param {RunStream} stream */
async function showRun(stream) {
  const printer = new TurnPrinter({ write: writeText, note: say, isShared: Boolean(process.stdout.isTTY) });
  /** @type {Map<string, string>} the model of each turn, as last heard: the one that really answers is named last */
  const models = new Map();
  try {
    for await (const frame of stream.follow()) {
      printer.take(frame);
      if (frame.turn && frame.model) models.set(frame.turn, frame.model);
      if (frame.done) return { last: frame, models: [...new Set(models.values())] };
    }
  } finally {
    printer.finish();
  }
  throw new Error('The stream ended before the run did.');
}

/**
 * @param {Frame} last
 * @param {string[]} models
 * @param {number} seconds
 */
function summarise({ event, run_id, code, message, usage, cost_usd }, models, seconds) {
  if (event !== 'run.completed') say(`\n${event === 'run.cancelled' ? 'cancelled' : 'failed'}, ${code}: ${message}`);
  const tokens = usage ? `${usage.prompt_tokens} + ${usage.completion_tokens} tokens` : 'tokens not reported';
  const cost = cost_usd ? `, $${cost_usd.toFixed(4)}` : '';
  say(`\n${run_id}: ${models.join(', ') || 'no model answered'}; ${tokens}${cost}; ${seconds.toFixed(1)} s`);
}

/** @param {string} text */
function writeText(text) {
  process.stdout.write(process.stdout.isTTY ? text.replace(CONTROL, '') : text);
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}
