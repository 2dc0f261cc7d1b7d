/** Two texts as one, with what was removed and what was added. Loaded on first use. */
import { diffWordsWithSpace } from 'diff';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { visible } from '../markdown/visible';

/** The time limit of a comparison, which would otherwise block the page. Milliseconds. */
const DIFF_LIMIT_MS = 400;

export default function WordDiff({ before, after }: { before: string; after: string }): JSX.Element {
  const parts = useMemo(() => diffWordsWithSpace(before, after, { timeout: DIFF_LIMIT_MS }), [before, after]);
  // texts that are too different to compare are shown one below the other
  const shown = parts ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return (
    <p class="diff" dir="auto">
      {shown.map(({ value, added, removed }, index) =>
        added ? (
          <ins key={index}>{visible(value)}</ins>
        ) : removed ? (
          <del key={index}>{visible(value)}</del>
        ) : (
          <span key={index}>{visible(value)}</span>
        ),
      )}
    </p>
  );
}
