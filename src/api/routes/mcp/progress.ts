/** Tells a caller who asked for it how far a run has come: one notification for each step of a turn or of a check. */
import type { RunEventType } from '../../../contract';
import type { Frame, ResetFrame } from '../../../contract/frames';
import type { Services } from '../../services';
import type { Extra } from './tools';

/** In words; events that are not here are no step. */
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

/** `stop` resolves when all that was told is on its way: the result must come last. */
export function followProgress({ relay }: Services, runId: string, extra: Extra): { stop(): Promise<void> } {
  const { progressToken } = extra._meta ?? {};
  if (progressToken === undefined) return { stop: () => Promise.resolve() };
  let progress = 0;
  let telling: Promise<void> = Promise.resolve();
  const tell = (message: string) => {
    const params = { progressToken, progress: ++progress, message };
    // a caller that has left hears nothing more, and the run goes on
    telling = telling
      .then(() => extra.sendNotification({ method: 'notifications/progress', params }))
      .catch(() => undefined);
  };
  tell(`The run is ${runId}.`);
  const following = relay.fresh(runId, {
    frame(json) {
      const frame = JSON.parse(json) as Frame | ResetFrame;
      const step = frame.event === 'run.reset' ? undefined : STEPS[frame.event];
      if (step) tell(`${'label' in frame ? String(frame.label) : 'The run'}: ${step}`);
    },
    end: () => undefined,
  });
  return {
    stop: () => {
      following.stop();
      return telling;
    },
  };
}
