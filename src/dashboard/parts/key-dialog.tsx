/** Asks for the API key when the API wants one. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { apiKey, keyRefused, setApiKey } from '../state/key';
import { Dialog } from './dialog';

export function KeyDialog(): JSX.Element | null {
  const typed = useSignal('');
  if (!keyRefused.value) return null;
  return (
    <Dialog title="This address needs a key" onClose={() => (keyRefused.value = false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setApiKey(typed.value.trim());
          location.reload();
        }}
      >
        <p>
          {apiKey.value ? 'The API refused the key.' : 'The API was started with API_KEYS.'} The key stays in this
          browser tab and is sent with each call.
        </p>
        <label class="field">
          API key
          <input
            type="password"
            autocomplete="off"
            required
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
