/**
 * Clients of `WS /ws/swarm` that only listen. Each receives the frames of every run that its API key starts from then on, on any process. A
 * process follows each run once for all its listeners.
 */
import type { Relay } from './relay';
import type { StartedRuns } from './started-runs';

/** A client that starts or follows a run within this time is not a listener and must get no frame of another run. */
const SILENT_MS = 500;

export interface RunListeners {
  /** Sends the frames of the runs that the API key starts from now on; frames of the first {@link SILENT_MS} are delayed. */
  add(tenant: string | undefined, send: (json: string) => void): { stop(): void };
}

export function createRunListeners(started: StartedRuns, relay: Relay): RunListeners {
  const listeners = new Set<Listener>();
  started.listen(({ run_id: runId, tenant }) => {
    const recipients = [...listeners].filter((one) => one.tenant === tenant);
    if (recipients.length > 0) follow(runId, recipients);
  });

  function follow(runId: string, recipients: Listener[]): void {
    const following = relay.fresh(runId, {
      frame(json) {
        const present = recipients.filter((one) => listeners.has(one));
        present.forEach((one) => one.hear(json));
        if (present.length === 0) following.stop();
      },
      end: () => undefined,
    });
  }

  return {
    add(tenant, send) {
      const listener = new Listener(tenant, send);
      listeners.add(listener);
      return {
        stop() {
          listeners.delete(listener);
          listener.stop();
        },
      };
    },
  };
}

class Listener {
  private held: string[] | undefined = [];
  private readonly silence = setTimeout(() => this.release(), SILENT_MS);

  constructor(
    readonly tenant: string | undefined,
    private readonly send: (json: string) => void,
  ) {}

  hear(json: string): void {
    if (this.held) this.held.push(json);
    else this.send(json);
  }

  stop(): void {
    clearTimeout(this.silence);
    this.held = [];
  }

  private release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    held.forEach((json) => this.send(json));
  }
}
