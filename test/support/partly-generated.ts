/** Files of which a part, or all, is generated. */

export interface GeneratedFile {
  path: string;
  /** Returns the new content of the file; `text` is the present content. */
  render(text: string): string;
}

/** Replaces what stands between two lines. Throws if they are missing. */
export function fillBetween(text: string, firstLine: string, lastLine: string, content: string): string {
  const [begin, end] = [`${firstLine}\n`, `${lastLine}\n`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The marks are missing: ${begin}`);
  return text.slice(0, from + begin.length) + content + text.slice(to);
}
