/** The search attributes of a run, by which runs are listed. */
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contract/names';

const key = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** `message` is omitted if its attribute is not registered. */
export function makeSearchAttributes(
  swarm: string,
  session: string,
  message: string | undefined,
): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: key(SEARCH_ATTRIBUTES.swarm), value: swarm },
    { key: key(SEARCH_ATTRIBUTES.session), value: session },
    { key: key(SEARCH_ATTRIBUTES.status), value: 'running' },
    ...(message ? [{ key: key(SEARCH_ATTRIBUTES.message), value: message }] : []),
  ]);
}

/** The length of the excerpt of a message in lists of runs. UTF-16 units. */
const EXCERPT = 200;

/** The beginning of a message, without cutting a surrogate pair. */
export function cutExcerpt(message: string): string {
  return message.slice(0, EXCERPT).replace(/[\uD800-\uDBFF]$/, '');
}
