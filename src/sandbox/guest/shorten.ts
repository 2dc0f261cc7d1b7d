const GAP = '\n[...]\n';

/**
 * Shortens a text by cutting out its middle, because the end of a traceback is more informative than its beginning. The result is no longer
 * than the limit.
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = limit - GAP.length;
  const head = Math.floor(kept / 4);
  return `${text.slice(0, head)}${GAP}${text.slice(head - kept)}`;
}
