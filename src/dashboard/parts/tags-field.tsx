/** The field for the tags of a run. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';

/** The tags as typed, separated by spaces or commas. */
export function readTags(typed: string): { tags?: string[] } {
  const tags = typed.split(/[\s,]+/).filter(Boolean);
  return tags.length > 0 ? { tags } : {};
}

export function TagsField({ tags }: { tags: Signal<string> }): JSX.Element {
  return (
    <details class="budget-fields" open={tags.value !== ''}>
      <summary>Tags</summary>
      <label>
        <span class="off-screen">Tags, separated by spaces</span>
        <input
          type="text"
          placeholder="release-2 draft"
          autocomplete="off"
          value={tags.value}
          onInput={({ currentTarget }) => (tags.value = currentTarget.value)}
        />
      </label>
    </details>
  );
}
