/** Quotes gateway messages for people: without keys, and limited in length. */
import type { Endpoint } from './adapters/endpoint';
import { withoutForeignKeys } from './error-text';

const SENTENCE_LIMIT = 300;
/** Maximum length that is searched for a message, since a page may be long. UTF-16 units. */
const READ_LIMIT = 20_000;

/** Removes our keys: some gateways quote the key that they reject. */
export function withoutKeys(message: string, { apiKey, secrets }: Endpoint): string {
  const longestFirst = [apiKey ?? [], ...secrets].flat().sort((a, b) => b.length - a.length);
  return longestFirst.reduce((text, key) => text.replaceAll(key, '[key]'), message);
}

/** Quotes a gateway's text without keys, tags and line ends, limited in length. */
export function quote(text: string, endpoint: Endpoint): string {
  // keys are removed before each cut, since half a key would not be recognised
  const read = withoutForeignKeys(withoutKeys(text, endpoint).slice(0, READ_LIMIT));
  const plain = withoutTags(read).replace(/\s+/g, ' ');
  const trimmed = text.startsWith(' ') ? plain.trimEnd() : plain.trim();
  return withoutForeignKeys(withoutKeys(trimmed, endpoint)).slice(0, SENTENCE_LIMIT);
}

/** Replaces each tag by a space. A `<` without a `>` after it is kept. */
function withoutTags(text: string): string {
  let plain = '';
  let from = 0;
  for (let open = text.indexOf('<'); open >= 0; open = text.indexOf('<', from)) {
    const close = text.indexOf('>', open);
    if (close < 0) break;
    plain += `${text.slice(from, open)} `;
    from = close + 1;
  }
  return plain + text.slice(from);
}
