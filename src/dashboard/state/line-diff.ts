/** The rows of a line diff, with unchanged stretches folded. Pure. */

export interface Change {
  value: string;
  added?: boolean | undefined;
  removed?: boolean | undefined;
}

export interface DiffRow {
  /** `skipped`: unchanged lines that are not shown. */
  kind: 'same' | 'added' | 'removed' | 'skipped';
  /** The line's number in its own version; 0 for `skipped`. */
  number: number;
  text: string;
}

/** The number of unchanged lines that are shown around a change. */
const CONTEXT = 4;

export function foldContext(changes: readonly Change[]): DiffRow[] {
  const rows = numberLines(changes);
  if (rows.every(({ kind }) => kind === 'same')) return rows;
  const isShown = markNearChanges(rows);
  const folded: DiffRow[] = [];
  let skipped = 0;
  const close = () => {
    if (skipped > 0) folded.push({ kind: 'skipped', number: 0, text: `${skipped} unchanged lines` });
    skipped = 0;
  };
  rows.forEach((row, index) => {
    if (!isShown[index]) return void (skipped += 1);
    close();
    folded.push(row);
  });
  close();
  return folded;
}

function numberLines(changes: readonly Change[]): DiffRow[] {
  let before = 0;
  let after = 0;
  return changes.flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, '')
      .split('\n')
      .map((text): DiffRow => {
        if (!added) before += 1;
        if (!removed) after += 1;
        if (removed) return { kind: 'removed', number: before, text };
        return { kind: added ? 'added' : 'same', number: after, text };
      }),
  );
}

function markNearChanges(rows: readonly DiffRow[]): boolean[] {
  const marks = rows.map(() => false);
  rows.forEach(({ kind }, at) => {
    if (kind === 'same') return;
    for (let near = Math.max(0, at - CONTEXT); near <= Math.min(rows.length - 1, at + CONTEXT); near++)
      marks[near] = true;
  });
  return marks;
}
