/** Sends guidance to a running run. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { steer } from '../state/steering';
import { useAttempt } from './attempt';
import { Dialog } from './dialog';

export function MessageDialog({ runId, onClose }: { runId: string; onClose: () => void }): JSX.Element {
  const content = useSignal('');
  const interrupt = useSignal(false);
  const { busy, problem, run } = useAttempt();
  async function send(): Promise<void> {
    const sent = await run(() => steer(runId, 'message', { content: content.value, interrupt: interrupt.value }));
    if (sent) onClose();
  }
  return (
    <Dialog title="Send guidance" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <label class="field">
          Guidance
          <textarea
            rows={4}
            required
            placeholder="Added to every turn that starts from now on"
            value={content.value}
            onInput={({ currentTarget }) => (content.value = currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={interrupt.value}
            onChange={({ currentTarget }) => (interrupt.value = currentTarget.checked)}
          />
          Interrupt and restart the turns in progress
        </label>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="dialog-end">
          <button type="submit" class="primary" disabled={busy}>
            Send
          </button>
        </div>
      </form>
    </Dialog>
  );
}
