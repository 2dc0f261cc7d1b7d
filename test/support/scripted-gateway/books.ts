// The log that tests check: every request to /v1, what was sent, when and by whom it was ended, and what it would cost.
import type { IncomingHttpHeaders } from 'node:http';

import type { Usage } from './bill';
import { now } from './clock';
import type { PrefillOutcome } from './speech';

/** `completed`: the whole reply was sent as scripted; `cut`: we destroyed the socket; `stopped`: the simulator was stopped. */
export type EndedBy = 'completed' | 'client-closed' | 'cut' | 'stopped';

/** One request. Times are epoch milliseconds with fractions; `endedBy` is absent while it is open. */
export interface GatewayRequest {
  /** The generation id of the reply (`X-Generation-Id`); the script may set its own. */
  id: string;
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The requested model; empty for requests that are not chat completions. */
  model: string;
  body?: unknown;
  /** 0 until the headers are sent. */
  status: number;
  tokensSent: number;
  textSent: string;
  /** First byte of the body, even if only a comment. */
  firstByteAt?: number;
  firstTokenAt?: number;
  prefill?: PrefillOutcome;
  /** Absent if none was sent. */
  finish?: string | null;
  endedAt?: number;
  endedBy?: EndedBy;
  /** For completions only, set at the end: what was generated, which may be more than was sent. */
  usage?: Usage;
  costUsd?: number;
}

export interface Books {
  readonly requests: GatewayRequest[];
  open(line: Pick<GatewayRequest, 'method' | 'path' | 'headers'>): GatewayRequest;
  /** Notifies waiters of a change. */
  changed(): void;
  onChange(listener: () => void): () => void;
  find(id: string): GatewayRequest | undefined;
  reset(): void;
}

/** Creates an empty log; ids are unique across processes and restarts. */
export function createBooks(): Books {
  const requests: GatewayRequest[] = [];
  const listeners = new Set<() => void>();
  const series = `gen-${Math.floor(now()).toString(36)}${process.pid.toString(36)}`;
  let serial = 0;
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    requests,
    changed,
    open(line) {
      const entry = {
        id: `${series}-${++serial}`,
        at: now(),
        ...line,
        model: '',
        status: 0,
        tokensSent: 0,
        textSent: '',
      };
      requests.push(entry);
      changed();
      return entry;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    find: (id) => requests.findLast((entry) => entry.id === id),
    reset() {
      requests.length = 0;
    },
  };
}
