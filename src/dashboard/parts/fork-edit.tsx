/** What a fork has changed: the edited prompt against the one that it replaced, the extra instruction, other parameters. */
import type { JSX } from 'preact';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import type { ForkEditView } from '../../contract/input-replies';
import { listEditedFields, type EditedField } from '../state/forking';
import { useAnswer } from './page';

const WordDiff = lazy(() => import('./word-diff'));

export function ForkEdit({ runId }: { runId: string }): JSX.Element | null {
  const { data } = useAnswer<ForkEditView>(`/runs/${encodeURIComponent(runId)}/edit`);
  if (!data.value) return null;
  const fields = listEditedFields(data.value);
  if (fields.length === 0) return <p class="faint">A retry: nothing was changed.</p>;
  return (
    <details class="fork-edit" open>
      <summary>What was changed: {fields.map(({ name }) => name.toLowerCase()).join(', ')}</summary>
      <dl>
        {fields.map((field) => (
          <Change key={field.name} field={field} />
        ))}
      </dl>
    </details>
  );
}

function Change({ field: { name, before, after } }: { field: EditedField }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <div class="scrolled" tabIndex={0} role="region" aria-label={name}>
          <ErrorBoundary>
            <WordDiff before={before} after={after} />
          </ErrorBoundary>
        </div>
      </dd>
    </div>
  );
}
