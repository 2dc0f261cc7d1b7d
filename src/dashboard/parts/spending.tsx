/** The usage of a run, compared with its budget if it has one. */
import type { JSX } from 'preact';
import { count, limitCount, money } from '../format';
import { sumRun, type TokenTotals } from '../state/totals';
import type { DashboardRun } from '../state/run-view';
import { Meter } from './meter';

export function SpendingSummary({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  const turns = run.turns.value;
  turns.forEach(({ version }) => void version.value);
  const totals = sumRun(run.snapshot, turns);
  const { usd = null, tokens: most = null } = run.description.value?.budget ?? {};
  return (
    <>
      <div class="fact-tokens">
        <dt>Tokens</dt>
        <dd>
          {writeTokens(totals)}
          <Limit name="Tokens" amount={totals.read + totals.written} limit={most} tell={limitCount} />
        </dd>
      </div>
      <div class="fact-cost">
        <dt>Cost</dt>
        <dd>
          {money(totals.costUsd)}
          <Limit name="Cost" amount={totals.costUsd ?? 0} limit={usd} tell={money} />
        </dd>
      </div>
    </>
  );
}

/** `1,200 read + 300 written = 1,500`. */
function writeTokens({ read, written, exact }: TokenTotals): string {
  return `${exact ? '' : '≈ '}${count(read)} read + ${count(written)} written = ${count(read + written)}`;
}

interface LimitProps {
  name: string;
  amount: number;
  limit: number | null;
  tell: (amount: number) => string;
}

function Limit({ name, amount, limit, tell }: LimitProps): JSX.Element | null {
  if (limit === null) return null;
  return (
    <>
      <small> of {tell(limit)}</small>
      <Meter name={`${name} of the budget`} used={amount} limit={limit} text={`${tell(amount)} of ${tell(limit)}`} />
    </>
  );
}
