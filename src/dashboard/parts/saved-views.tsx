/** The saved views of the list, and the form that saves the current one. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { visible } from '../markdown/visible';
import { removeView, savedViews, saveView } from '../state/saved-views';
import { Icon } from './icons';

const NAME_LIMIT = 40;

/** `query` is that of the current address; empty without filters. */
export function SavedViews({ query }: { query: string }): JSX.Element | null {
  const naming = useSignal(false);
  const name = useSignal('');
  const views = savedViews.value;
  if (views.length === 0 && !query) return null;
  const save = (event: Event) => {
    event.preventDefault();
    saveView({ name: name.value.trim(), query });
    naming.value = false;
    name.value = '';
  };
  return (
    <div class="saved-views" role="group" aria-label="Saved views">
      {views.map((view) => (
        <View key={view.name} {...view} current={view.query === query} />
      ))}
      {naming.value ? (
        <form onSubmit={save}>
          <input
            type="text"
            aria-label="Name of the view"
            placeholder="Name of the view"
            required
            maxLength={NAME_LIMIT}
            // the person has just asked for this field
            ref={(field) => field?.focus()}
            value={name.value}
            onInput={({ currentTarget }) => (name.value = currentTarget.value)}
            onKeyDown={({ key }) => key === 'Escape' && (naming.value = false)}
          />
          <button type="submit" class="small">
            Save
          </button>
        </form>
      ) : (
        query && (
          <button type="button" class="quiet small" onClick={() => (naming.value = true)}>
            <Icon name="add" size={14} />
            Save this view
          </button>
        )
      )}
    </div>
  );
}

function View({ name, query, current }: { name: string; query: string; current: boolean }): JSX.Element {
  return (
    <span class="saved-view">
      <a class="chip" href={`/dashboard/runs${query && `?${query}`}`} aria-current={current ? 'page' : undefined}>
        {visible(name)}
      </a>
      <button
        type="button"
        class="quiet small icon-only"
        aria-label={`Remove the view ${visible(name)}`}
        onClick={() => removeView(name)}
      >
        <Icon name="close" size={13} />
      </button>
    </span>
  );
}
