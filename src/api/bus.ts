/**
 * `WS /ws/bus`: what swarms say, a frame for each finished turn of every run that is started while somebody listens, at whichever API
 * process. For clients that were written for a message bus; nothing can be sent to it.
 */
import type { WebSocket } from 'ws';
import type { Logger } from '../log';
import type { RedisConnection } from '../redis/connect';
import { STARTED_CHANNEL } from '../redis/keys';
import type { Frame } from '../contract';
import type { Relay } from './relay';

export interface Bus {
  /** Lets a client hear what is said from now on. */
  add(client: WebSocket): void;
  /** Tells all API processes of a run that has just been started. */
  announce(runId: string): void;
  close(): void;
}

/** A listener that has this much unsent is cut off. */
const BUFFER_LIMIT = 8 * 1024 * 1024;

export function createBus(redis: RedisConnection, relay: Relay, log: Logger): Bus {
  const clients = new Set<WebSocket>();
  let subscriber: RedisConnection | undefined;

  function subscribe(): void {
    subscriber = redis.duplicate({ maxRetriesPerRequest: null });
    subscriber.on('error', (error: Error) => log.warn({ reason: error.message }, 'redis connection'));
    subscriber.on('message', (_channel: string, runId: string) => {
      if (clients.size > 0) follow(runId);
    });
    subscriber.subscribe(STARTED_CHANNEL).catch((error: unknown) => log.warn({ error }, 'bus'));
  }

  function follow(runId: string): void {
    const texts = new Map<string, string>();
    const following = relay.fresh(runId, {
      frame(json) {
        const frame = JSON.parse(json) as Frame & { turn?: string };
        if (frame.turn !== undefined) hear(frame, frame.turn, texts);
        if (clients.size === 0) following.stop();
      },
      end: () => texts.clear(),
    });
  }

  function hear(frame: Frame, turn: string, texts: Map<string, string>): void {
    if (frame.event === 'turn.delta') texts.set(turn, (texts.get(turn) ?? '') + frame.content);
    else if (frame.event === 'turn.restarted') texts.delete(turn);
    else if (frame.event === 'turn.completed') say(messageOf(frame, turn, texts.get(turn) ?? ''));
  }

  function say(message: object): void {
    const json = JSON.stringify(message);
    for (const client of clients) {
      client.send(json);
      if (client.bufferedAmount > BUFFER_LIMIT) client.terminate();
    }
  }

  return {
    add(client) {
      if (!subscriber) subscribe();
      clients.add(client);
      client.on('close', () => clients.delete(client));
      client.on('message', () => undefined);
    },
    announce: (runId) => void redis.publish(STARTED_CHANNEL, runId).catch(() => undefined),
    close: () => subscriber?.disconnect(),
  };
}

function messageOf(frame: Frame, turn: string, content: string): object {
  const { run_id, session_id, team_id, at, role } = frame as Frame & { role: string };
  return {
    id: `${run_id}:${turn}`,
    type: 'message',
    content,
    sender: role,
    thread_id: session_id,
    timestamp: new Date(at).toISOString(),
    run_id,
    team_id,
    message: { sender_agent_id: role, content },
  };
}
