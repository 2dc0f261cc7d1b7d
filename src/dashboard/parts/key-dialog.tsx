/** Asks for the API key if the API requires one. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { apiKey, keyState, postponeKey, setApiKey } from '../state/key';
import { Dialog } from './dialog';

export function KeyDialog(): JSX.Element | null {
  const typed = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  const isAsked = keyState.value === 'asked';
  useEffect(() => field.current?.focus(), [isAsked]);
  if (!isAsked) return null;
  return (
    <Dialog title="Enter your API key" onClose={postponeKey}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setApiKey(typed.value.trim());
          location.reload();
        }}
      >
        <p>
          {apiKey.value
            ? 'The server did not accept this key. Check it for missing characters, or ask for a new one.'
            : 'This server answers only with a key. The person who runs it can give you one.'}
        </p>
        <p class="faint">
          The key stays in this browser tab, is sent to this server only, and is forgotten when you close the tab.
        </p>
        <label class="field">
          API key
          <input
            type="password"
            autocomplete="off"
            required
            ref={field}
            value={typed.value}
            onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
          />
        </label>
        <div class="dialog-end">
          <button type="submit" class="primary">
            Use this key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
