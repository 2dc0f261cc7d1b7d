// Parses numbered tokens from a text, to detect lost, repeated and reordered ones.

export interface Sequence {
  /** Numbers in order of appearance. */
  readonly seen: number[];
  /** Numbers below the highest (or below `expected`) that are missing. */
  readonly lost: number[];
  readonly repeated: number[];
  /** Numbers that appear after a higher one, except repeated ones. */
  readonly reordered: number[];
  /** Send times, epoch ms, by index in `seen`; empty if the tokens are not stamped. */
  readonly sentAt: number[];
  /** Characters that belong to no token. */
  readonly stray: string;
}

/** Parses the tokens of `{count, prefix, stamped}`; pass the count to detect a missing tail. */
export function readSequence(text: string, { prefix = '#', expected = 0 } = {}): Sequence {
  const token = new RegExp(`${escape(prefix)}(\\d+)(?:@(\\d{13}\\.\\d{3}))? `, 'g');
  const [seen, sentAt, repeated, reordered, lost]: number[][] = [[], [], [], [], []] as const;
  const known = new Set<number>();
  let highest = -1;
  const stray = text.replace(token, (_, number: string, stamp?: string) => {
    const n = Number(number);
    seen.push(n);
    if (stamp) sentAt.push(Number(stamp));
    if (known.has(n)) repeated.push(n);
    else if (n < highest) reordered.push(n);
    known.add(n);
    highest = Math.max(highest, n);
    return '';
  });
  for (let n = 0; n < Math.max(highest + 1, expected); n++) if (!known.has(n)) lost.push(n);
  return { seen, lost, repeated, reordered, sentAt, stray };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
