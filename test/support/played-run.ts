/** Plays a run like the public cases: started by POST, watched on a WebSocket, and compared with the gateway's log. */
import { connectRedis } from '../../src/redis/connect';
import { createLedger, type Spent } from '../../src/redis/ledger';
import type { GatewayRequest } from './scripted-gateway';
import { foldFrames, post, listTexts, Watcher, type AnyFrame } from './readers';
import { until, type Stack } from './stack';

export interface PlayedRun {
  runId: string;
  sessionId: string;
  frames: AnyFrame[];
  last: AnyFrame;
  /** Text of the turn `answer`. */
  text: string | undefined;
  has(event: string): AnyFrame[];
}

export const ONE_VOICE = { swarm_id: 'one-voice', message: 'Go' };

/** Starts a run without waiting for it. */
export async function order(
  stack: Stack,
  more: object = {},
  key?: string,
): Promise<{ runId: string; sessionId: string }> {
  const headers = key ? { authorization: `Bearer ${key}` } : undefined;
  const { body } = await post(`${stack.url}/swarm/execute`, { ...ONE_VOICE, wait: false, ...more }, headers);
  return { runId: body.run_id as string, sessionId: body.session_id as string };
}

export interface HowToPlay {
  /** Further fields of the request. */
  more?: object;
  /** The caller's API key. */
  key?: string;
  /** Called once the run is watched. */
  meanwhile?(runId: string): Promise<unknown>;
}

/** Starts a run and watches it to its end. */
export async function play(stack: Stack, { more = {}, key, meanwhile }: HowToPlay = {}): Promise<PlayedRun> {
  const { runId, sessionId } = await order(stack, more, key);
  const watcher = await Watcher.connect(stack.url, `/ws/swarm${key ? `?api_key=${key}` : ''}`);
  watcher.send({ run_id: runId, after: '0' });
  await meanwhile?.(runId);
  const last = await watcher.done(runId);
  watcher.close();
  const { frames } = watcher;
  const { answer: text } = listTexts(foldFrames(frames));
  return { runId, sessionId, frames, last, text, has: (event) => frames.filter((frame) => frame.event === event) };
}

/** Waits until the ledger's amount for the run equals the gateway's charge for these calls, to the ninth digit; returns it. */
export async function agreedBooks(
  stack: Stack,
  { runId, sessionId }: Pick<PlayedRun, 'runId' | 'sessionId'>,
  calls: () => GatewayRequest[],
): Promise<Spent> {
  await stack.gateway.waitFor(() => calls().every(({ endedBy }) => endedBy));
  const charged = calls().reduce((sum, { costUsd = 0 }) => sum + costUsd, 0);
  const redis = connectRedis({ url: stack.env.REDIS_URL ?? '', patient: true });
  const ledger = createLedger(redis, 'month');
  try {
    return await until(async () => {
      const { run } = await ledger.spentBy({ account: 'anyone', runId, sessionId });
      return Math.abs(run.usd - charged) < 1e-9 ? run : undefined;
    });
  } finally {
    redis.disconnect();
  }
}
