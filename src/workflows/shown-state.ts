/** The state of the run in Temporal's list of runs, by which the API filters and counts runs. */
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES, type RunState } from '../contract/names';

const stateKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.status, SearchAttributeType.KEYWORD);

/** If the search attributes are not registered, the API starts runs without them, and this does not set them either. */
export function showState(state: RunState): void {
  if (workflowInfo().typedSearchAttributes.get(stateKey) === undefined) return;
  upsertSearchAttributes([{ key: stateKey, value: state }]);
}
