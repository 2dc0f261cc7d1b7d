/** What a program writes: passed on in pieces, cut off at a limit. */
import type { News } from './news';

const PIECE = 4096;

export interface Output {
  write(text: string): void;
  flush(): void;
}

/** `leave` must not return: a program that writes without end is stopped in the middle of a call. */
export function createOutput(limitBytes: number, post: (news: News) => void, leave: () => void): Output {
  let waiting = '';
  let total = 0;
  const flush = () => {
    if (waiting) post({ kind: 'output', text: waiting });
    waiting = '';
  };
  return {
    flush,
    write(text) {
      total += text.length;
      waiting += text.slice(0, Math.max(0, limitBytes - total + text.length));
      if (waiting.length >= PIECE || total > limitBytes) flush();
      if (total > limitBytes) leave();
    },
  };
}
