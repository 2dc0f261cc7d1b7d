/** The search attributes with which a run starts, by which runs are listed. */
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contract/names';

const key = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

export function attributesOf(swarm: string, session: string): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: key(SEARCH_ATTRIBUTES.swarm), value: swarm },
    { key: key(SEARCH_ATTRIBUTES.session), value: session },
    { key: key(SEARCH_ATTRIBUTES.status), value: 'running' },
  ]);
}
