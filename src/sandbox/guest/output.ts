/** Forwards the program's output in batches, up to a limit. */
import { OUTPUT_BATCH, OUTPUT_PIECE } from './protocol';

export interface Output {
  write(text: string): void;
  flush(): void;
}

/** `leave` must not return: a program that writes endlessly is stopped in the middle of a call. */
export function createOutput(limit: number, post: (text: string) => void, leave: () => void): Output {
  let waiting = '';
  let total = 0;
  const flush = () => {
    for (let at = 0; at < waiting.length; at += OUTPUT_PIECE) post(waiting.slice(at, at + OUTPUT_PIECE));
    waiting = '';
  };
  return {
    flush,
    write(text) {
      total += text.length;
      waiting += text.slice(0, Math.max(0, limit - total + text.length));
      if (waiting.length >= OUTPUT_BATCH || total > limit) flush();
      if (total > limit) leave();
    },
  };
}
