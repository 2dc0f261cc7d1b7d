// The frames of one stream as sent over the wire, in OpenRouter's format.
import { now } from './clock';
import type { Fault } from './reply';

export interface Identity {
  readonly id: string;
  readonly model: string;
  readonly provider: string;
}

const COMMENT = ': OPENROUTER PROCESSING';
const ROLE = '"role":"assistant",';

export interface Frames {
  comment(): string;
  token(text: string, isFirst: boolean): string;
  finish(reason: string): string;
  usage(usage: Record<string, unknown>, shape: 'empty-choices' | 'empty-delta'): string;
  error(fault: Extract<Fault, { kind: 'error' }>): string;
  done(): string;
}

/** Prepares the common parts of a stream's frames, so that a token costs one JSON string and one concatenation. */
export function createFrames({ id, model, provider }: Identity, newline: 'lf' | 'crlf' = 'lf'): Frames {
  const eol = newline === 'crlf' ? '\r\n' : '\n';
  const end = eol + eol;
  const common = { id, provider, model, object: 'chat.completion.chunk', created: Math.floor(now() / 1000) };
  const head = `data: ${JSON.stringify(common).slice(0, -1)}`;
  const beforeText = `${head},"choices":[{"index":0,"delta":{`;
  const afterText = `},"finish_reason":null,"native_finish_reason":null}]}${end}`;
  const chunk = (fields: Record<string, unknown>) => `${head},${JSON.stringify(fields).slice(1)}${end}`;
  return {
    comment: () => COMMENT + end,
    token: (text, isFirst) => `${beforeText}${isFirst ? ROLE : ''}"content":${JSON.stringify(text)}${afterText}`,
    finish: (reason) => chunk({ choices: [emptyChoice(reason)] }),
    usage: (usage, shape) => chunk({ choices: shape === 'empty-choices' ? [] : [emptyChoice(null)], usage }),
    error({ error, as }) {
      const json = JSON.stringify({ error });
      if (as === 'field') return `error: ${JSON.stringify(error)}${end}`;
      if (as === 'event') return `event: error${eol}data: ${json}${end}`;
      if (as === 'bare-chunk') return `data: ${json}${end}`;
      return chunk({ error, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] });
    },
    done: () => `data: [DONE]${end}`,
  };
}

function emptyChoice(reason: string | null) {
  return { index: 0, delta: { content: '' }, finish_reason: reason, native_finish_reason: reason };
}
