/** What a run has used, against its budget where it has one. */
import type { JSX } from 'preact';
import { count, money } from '../format';
import { totalsOf } from '../state/totals';
import type { RunView } from '../state/run-view';
import { Meter } from './meter';

export function Spending({ run }: { run: RunView }): JSX.Element {
  const turns = run.turns.value;
  turns.forEach(({ version }) => void version.value);
  const { tokens, exact, costUsd } = totalsOf(turns);
  const { usd = null, tokens: most = null } = run.description.value?.budget ?? {};
  return (
    <>
      <Used name="Tokens" used={tokens} limit={most} tell={(tokens) => count(tokens ?? 0)} estimated={!exact} />
      <Used name="Cost" used={costUsd} limit={usd} tell={money} estimated={false} />
    </>
  );
}

interface UsedProps {
  name: string;
  /** Undefined when nobody has told. */
  used: number | undefined;
  limit: number | null;
  tell: (amount: number | undefined) => string;
  estimated: boolean;
}

function Used({ name, used, limit, tell, estimated }: UsedProps): JSX.Element {
  const figure = `${estimated ? '≈ ' : ''}${tell(used)}`;
  const text = limit === null ? figure : `${figure} of ${tell(limit)}`;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {figure}
        {limit !== null && <small> of {tell(limit)}</small>}
        {limit !== null && <Meter name={`${name} of the budget`} used={used ?? 0} limit={limit} text={text} />}
      </dd>
    </div>
  );
}
