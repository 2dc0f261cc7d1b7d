/** The form that starts a run: a swarm and its task. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX, RefObject } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { COORDINATE, MESSAGE_LIMIT } from '../../contract/names';
import { toApiFailure } from '../state/api';
import { createOrderKeys } from '../state/key';
import type { FormContent } from '../state/again';
import { nameSwarm, startRun, swarms, type SwarmSummary } from '../state/swarms';
import { BudgetFields, readBudget, NO_BUDGET, type BudgetDraft } from './budget-fields';
import { findKind, KIND_ORDER } from './examples';
import { Icon } from './icons';
import { readTags, TagsField } from './tags-field';

const MOST_ROUNDS = 3;

interface ComposerProps {
  sessionId?: string;
  /** The request of an earlier run, with which the form begins. */
  content?: FormContent;
}

const EMPTY_FORM: FormContent = {
  swarmId: 'debate-swarm',
  message: '',
  rounds: 1,
  approvePlan: false,
  budget: NO_BUDGET,
  tags: '',
  rest: {},
};

export function Composer({ sessionId, content = EMPTY_FORM }: ComposerProps): JSX.Element {
  const chosen = useSignal(content.swarmId);
  const message = useSignal(content.message);
  const rounds = useSignal(content.rounds);
  const approvePlan = useSignal(content.approvePlan);
  const budget = useSignal<BudgetDraft>(content.budget);
  const [tags, askAbove] = [useSignal(content.tags), useSignal('')];
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
        ...readBudget(budget.value),
        ...(Number(askAbove.value) > 0 ? { approveAboveUsd: Number(askAbove.value) } : {}),
        ...session,
        rest: { ...content.rest, ...readTags(tags.value) },
      });
  };
  return (
    <form class="composer" onSubmit={submit}>
      <SwarmChoice offered={offered} chosen={current?.id} choose={(id) => (chosen.value = id)} />
      <div class="composer-box">
        <TaskField field={field} message={message} swarm={current} />
        <div class="composer-end">
          <div class="options">
            <CostGate amount={askAbove} />
            {current?.id === COORDINATE && <PipelineOptions rounds={rounds} approvePlan={approvePlan} />}
            <BudgetFields budget={budget} />
            <TagsField tags={tags} />
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
        placeholder={findKind(swarm?.id ?? '').examples[0] ?? 'What should the swarm do?'}
        value={message.value}
        onInput={({ currentTarget }) => (message.value = currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
        }}
      />
    </>
  );
}

const rank = ({ id }: SwarmSummary): number =>
  (KIND_ORDER.indexOf(id) + KIND_ORDER.length + 1) % (KIND_ORDER.length + 1);

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
      problem.value = toApiFailure(error).message;
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
      {offered.map(({ id, description }) => (
        <label key={id} class="swarm-card" title={description}>
          <input type="radio" name="swarm" value={id} checked={id === chosen} onChange={() => choose(id)} />
          <Icon name={findKind(id).icon} size={22} />
          <span class="swarm-verb">{findKind(id).verb}</span>
          <span class="faint">{nameSwarm(id)}</span>
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
        Require plan approval
      </label>
    </>
  );
}

/** The run asks a person each time it has spent this much more. */
function CostGate({ amount }: { amount: Signal<string> }): JSX.Element {
  return (
    <label title="The run pauses and asks you each time it has spent this much more">
      Ask for approval every $
      <input
        type="number"
        class="short"
        min="0.0001"
        step="any"
        inputMode="decimal"
        placeholder="never"
        value={amount.value}
        onInput={({ currentTarget }) => (amount.value = currentTarget.value)}
      />
    </label>
  );
}

function Rounds({ rounds }: { rounds: Signal<number> }): JSX.Element {
  return (
    <label>
      Review rounds
      <select value={rounds.value} onChange={({ currentTarget }) => (rounds.value = Number(currentTarget.value))}>
        {Array.from({ length: MOST_ROUNDS }, (_, index) => (
          <option key={index} value={index + 1}>
            {index + 1}
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
  const { examples } = findKind(swarm?.id ?? '');
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
