/** Extracts the code blocks of a Markdown text. */
import type { Token } from 'marked';
import { parseBlocks } from './render';

/** All code blocks, also those in lists and quotes, with an empty line between them. */
export function extractCode(text: string): string {
  return findCode(parseBlocks(text)).join('\n\n');
}

function findCode(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token): string[] => {
    if (token.type === 'code') return [String((token as { text: string }).text)];
    const { tokens: inner = [], items = [] } = token as { tokens?: Token[]; items?: Token[] };
    return findCode([...inner, ...items]);
  });
}
