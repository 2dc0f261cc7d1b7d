/**
 * `WS /ws/bus`: sends one frame for each finished turn of every run that is started, on any API process, while a client is connected. For
 * clients that were written for a message bus. Pings are answered; all other incoming frames are ignored.
 */
import type { WebSocket } from 'ws';
import type { Frame } from '../events/frames';
import { answerPing } from './client-frames';
import type { Relay } from './relay';
import type { StartedRuns } from './started-runs';

export interface Bus {
  /** Sends the client every message from now on. */
  add(client: WebSocket): void;
}

/** A client with more than `mostUnsent` unsent bytes is disconnected. */
export function createBus(started: StartedRuns, relay: Relay, mostUnsent: number): Bus {
  const clients = new Set<WebSocket>();
  started.listen(({ run_id }) => {
    if (clients.size > 0) follow(run_id);
  });

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
    else if (frame.event === 'turn.completed') say(toBusMessage(frame, turn, texts.get(turn) ?? ''));
  }

  function say(message: object): void {
    const json = JSON.stringify(message);
    for (const client of clients) {
      client.send(json);
      if (client.bufferedAmount > mostUnsent) client.terminate();
    }
  }

  return {
    add(client) {
      clients.add(client);
      client.on('close', () => clients.delete(client));
      client.on('message', (data) => {
        const pong = answerPing(data);
        if (pong !== undefined) client.send(pong);
      });
    },
  };
}

interface TurnScope {
  role: string;
  label: string;
  model?: string;
}

/** The sender is the team, under the id that `/teams` and `/agents` list; the role is a separate field. */
function toBusMessage(frame: Frame, turn: string, content: string): object {
  const { run_id, session_id, team_id, at, role, label, model } = frame as Frame & TurnScope;
  return {
    id: `${run_id}:${turn}`,
    type: 'message',
    content,
    sender: team_id,
    thread_id: session_id,
    timestamp: new Date(at).toISOString(),
    run_id,
    team_id,
    ...{ turn, role, label, model },
    message: { sender_agent_id: team_id, content },
  };
}
