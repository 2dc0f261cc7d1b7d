/** Starts a run: which swarm, and what it is asked. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { COORDINATE, MESSAGE_LIMIT } from '../../contract/names';
import { failureOf } from '../state/api';
import { createOrderKeys } from '../state/key';
import { startRun, swarms, type SwarmSummary } from '../state/swarms';
import { BudgetFields, budgetOf, NO_BUDGET, type BudgetDraft } from './budget-fields';
import { kindOf, KIND_ORDER } from './examples';
import { Icon } from './icons';

const MOST_ROUNDS = 3;

export function Composer({ sessionId }: { sessionId?: string }): JSX.Element {
  const chosen = useSignal('debate-swarm');
  const message = useSignal('');
  const rounds = useSignal(1);
  const approvePlan = useSignal(false);
  const budget = useSignal<BudgetDraft>(NO_BUDGET);
  const { busy, problem, start } = useStart();
  const field = useRef<HTMLTextAreaElement>(null);
  const offered = [...swarms.value].sort((a, b) => rank(a) - rank(b));
  const current = offered.find(({ id }) => id === chosen.value) ?? offered[0];
  const submit = (event: Event) => {
    event.preventDefault();
    const session = sessionId ? { sessionId } : {};
    if (current)
      start({
        swarmId: current.id,
        message: message.value,
        maxRounds: rounds.value,
        approvePlan: approvePlan.value,
        ...budgetOf(budget.value),
        ...session,
      });
  };
  return (
    <form class="composer" onSubmit={submit}>
      <SwarmChoice offered={offered} chosen={current?.id} choose={(id) => (chosen.value = id)} />
      <div class="composer-box">
        <TaskField field={field} message={message} swarm={current} />
        <div class="composer-end">
          <div class="options">
            {current?.id === COORDINATE && <PipelineOptions rounds={rounds} approvePlan={approvePlan} />}
            <BudgetFields budget={budget} />
          </div>
          <span class="faint hint">Ctrl + Enter starts</span>
          <button type="submit" class="primary" disabled={busy || !current}>
            {busy ? 'Starting' : 'Start'}
            <Icon name="arrow" size={16} />
          </button>
        </div>
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <Examples
        swarm={current}
        take={(text) => {
          message.value = text;
          field.current?.focus();
        }}
      />
    </form>
  );
}

interface TaskFieldProps {
  field: RefObject<HTMLTextAreaElement | null>;
  message: Signal<string>;
  swarm: SwarmSummary | undefined;
}

function TaskField({ field, message, swarm }: TaskFieldProps): JSX.Element {
  return (
    <>
      <label class="off-screen" for="task">
        What should the swarm do?
      </label>
      <textarea
        id="task"
        ref={field}
        rows={3}
        required
        maxLength={MESSAGE_LIMIT}
        placeholder={kindOf(swarm?.pattern ?? '').examples[0] ?? 'What should the swarm do?'}
        value={message.value}
        onInput={({ currentTarget }) => (message.value = currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
    </>
  );
}

const rank = ({ pattern }: SwarmSummary): number =>
  (KIND_ORDER.indexOf(pattern) + KIND_ORDER.length + 1) % (KIND_ORDER.length + 1);

function useStart() {
  const { route } = useLocation();
  const busy = useSignal(false);
  const problem = useSignal('');
  const keys = useMemo(createOrderKeys, []);
  async function start(wanted: Omit<Parameters<typeof startRun>[0], 'key'>): Promise<void> {
    busy.value = true;
    problem.value = '';
    try {
      const runId = await startRun({ ...wanted, key: keys.of(wanted) });
      keys.done();
      route(`/dashboard/runs/${encodeURIComponent(runId)}`);
    } catch (error) {
      problem.value = failureOf(error).message;
    } finally {
      busy.value = false;
    }
  }
  return {
    busy: busy.value,
    problem: problem.value,
    start: (wanted: Parameters<typeof start>[0]) => void start(wanted),
  };
}

interface SwarmChoiceProps {
  offered: SwarmSummary[];
  chosen: string | undefined;
  choose: (id: string) => void;
}

function SwarmChoice({ offered, chosen, choose }: SwarmChoiceProps): JSX.Element {
  return (
    <fieldset class="swarm-choice">
      <legend class="off-screen">Swarm</legend>
      {offered.map(({ id, name, pattern, description }) => (
        <label key={id} class="swarm-card" title={description}>
          <input type="radio" name="swarm" value={id} checked={id === chosen} onChange={() => choose(id)} />
          <Icon name={kindOf(pattern).icon} size={22} />
          <span class="swarm-verb">{kindOf(pattern).verb}</span>
          <span class="faint">{id === COORDINATE ? 'Whole pipeline' : name}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface PipelineOptionsProps {
  rounds: Signal<number>;
  approvePlan: Signal<boolean>;
}

function PipelineOptions({ rounds, approvePlan }: PipelineOptionsProps): JSX.Element {
  return (
    <>
      <Rounds rounds={rounds} />
      <label>
        <input
          type="checkbox"
          checked={approvePlan.value}
          onChange={({ currentTarget }) => (approvePlan.value = currentTarget.checked)}
        />
        Ask me before the plan is built
      </label>
    </>
  );
}

function Rounds({ rounds }: { rounds: Signal<number> }): JSX.Element {
  return (
    <label>
      Review may send back
      <select value={rounds.value} onChange={({ currentTarget }) => (rounds.value = Number(currentTarget.value))}>
        {Array.from({ length: MOST_ROUNDS }, (_, index) => (
          <option key={index} value={index + 1}>
            {index === 0 ? 'once' : `${index + 1} times`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Examples({
  swarm,
  take,
}: {
  swarm: SwarmSummary | undefined;
  take: (text: string) => void;
}): JSX.Element | null {
  const { examples } = kindOf(swarm?.pattern ?? '');
  if (examples.length === 0) return null;
  return (
    <p class="examples">
      <span class="faint">For example</span>
      {examples.map((text) => (
        <button key={text} type="button" class="chip" onClick={() => take(text)}>
          {text}
        </button>
      ))}
    </p>
  );
}
