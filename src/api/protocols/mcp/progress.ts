/**
 * Sends progress notifications of a run to a caller that requested them: one for each step of a turn or of a check, and at least one every
 * {@link SILENCE_MS}, because clients give up on a call without notifications (after 60 s by default).
 */
import type { RunEventType } from '../../../contract';
import type { Frame, ResetFrame } from '../../../events/frames';
import type { Services } from '../../services';
import type { Extra } from './tools';

/** Descriptions of the steps; an event that is not listed is not a step. */
const STEPS: Partial<Record<RunEventType, string>> = {
  'run.queued': 'waits for the run before it in its session',
  'turn.started': 'speaks',
  'turn.waiting': 'waits',
  'turn.rerouted': 'is taken over by another model',
  'turn.resumed': 'goes on',
  'turn.restarted': 'begins anew',
  'turn.completed': 'has spoken',
  'turn.failed': 'failed',
  'check.started': 'code is executed',
  'check.passed': 'code passed its checks',
  'check.failed': 'code failed its checks',
};

/** A notification must arrive every 15 s; this leaves a busy process some seconds. */
const SILENCE_MS = 10_000;

/** `stop` resolves when all notifications have been sent: the result must come last. */
export function followProgress({ relay }: Services, runId: string, extra: Extra): { stop(): Promise<void> } {
  const { progressToken } = extra._meta ?? {};
  if (progressToken === undefined) return { stop: () => Promise.resolve() };
  const open = new OpenTurns();
  const beganAt = Date.now();
  let progress = 0;
  let reporting: Promise<void> = Promise.resolve();
  let silence: NodeJS.Timeout | undefined;
  const report = (message: string): void => {
    clearTimeout(silence);
    silence = setTimeout(() => report(`${open.describe()} (${elapsed(beganAt)})`), SILENCE_MS);
    const params = { progressToken, progress: ++progress, message };
    // the notification fails if the caller has disconnected; the run continues
    reporting = reporting
      .then(() => extra.sendNotification({ method: 'notifications/progress', params }))
      .catch(() => undefined);
  };
  report(`The run is ${runId}.`);
  const following = relay.fresh(runId, {
    frame(json) {
      const frame = JSON.parse(json) as Frame | ResetFrame;
      open.note(frame);
      const step = frame.event === 'run.reset' ? undefined : STEPS[frame.event];
      // after the caller has cancelled, no more notifications may be sent
      const isCancelled = 'code' in frame && frame.code === 'CANCELLED';
      if (step && !isCancelled) report(`${'label' in frame ? String(frame.label) : 'The run'}: ${step}`);
    },
    end: () => undefined,
  });
  return {
    stop() {
      clearTimeout(silence);
      following.stop();
      return reporting;
    },
  };
}

function elapsed(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

/** The running turns, with the amount of text that each has produced. */
class OpenTurns {
  private readonly turns = new Map<string, { label: string; characters: number }>();

  note(frame: Frame | ResetFrame): void {
    if (frame.event === 'run.reset') return this.turns.clear();
    if (!('turn' in frame)) return;
    const { turn, label } = frame as Frame & { turn: string; label: string };
    if (frame.event === 'turn.completed' || frame.event === 'turn.failed') {
      this.turns.delete(turn);
    } else if (frame.event === 'turn.started' || frame.event === 'turn.restarted') {
      this.turns.set(turn, { label, characters: 0 });
    } else if (frame.event === 'turn.delta') {
      const characters = (this.turns.get(turn)?.characters ?? 0) + frame.content.length;
      this.turns.set(turn, { label, characters });
    }
  }

  describe(): string {
    if (this.turns.size === 0) return 'The run: is under way';
    return [...this.turns.values()].map(({ label, characters }) => `${label}: ${characters} characters`).join(', ');
  }
}
