/** Asks a step of a run again with an edited prompt: a new run, which takes over whatever stays the same. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { TurnPrompt } from '../../contract';
import { ALIASES } from '../../contract/names';
import { draftOf, editOf, forkRun, stepsOf, type ForkDraft, type Prompts } from '../state/forking';
import { createOrderKeys } from '../state/key';
import { useAttempt } from './attempt';
import { Dialog } from './dialog';
import { Icon } from './icons';
import { Away, Loading } from './notices';
import { useAnswer } from './page';

interface ForkDialogProps {
  runId: string;
  /** The step that is chosen at first; empty for the last one. */
  from: string;
  onClose: () => void;
}

export function ForkDialog({ runId, from, onClose }: ForkDialogProps): JSX.Element {
  const { data, failure, again } = useAnswer<Prompts>(`/runs/${encodeURIComponent(runId)}/prompts`);
  const turns = data.value?.turns ?? [];
  return (
    <Dialog title="Fork from a step" wide onClose={onClose}>
      {failure.value && <Away message={failure.value.message} retry={again} />}
      {!data.value && !failure.value && <Loading what="the prompts" />}
      {data.value && turns.length === 0 && (
        <p class="dialog-body faint">The run ended before a step was begun: there is nothing to go on from.</p>
      )}
      {turns.length > 0 && <ForkForm runId={runId} from={from} turns={turns} onClose={onClose} />}
    </Dialog>
  );
}

function ForkForm({ runId, from, turns, onClose }: ForkDialogProps & { turns: TurnPrompt[] }): JSX.Element {
  const { route } = useLocation();
  const known = turns.some(({ turn }) => turn === from) ? from : (turns[turns.length - 1]?.turn ?? '');
  const draft = useSignal<ForkDraft>(draftOf(known, turns));
  const keys = useMemo(createOrderKeys, []);
  const { busy, problem, run } = useAttempt();
  const edit = editOf(draft.value, turns);
  const start = () =>
    run(async () => {
      if (!edit) return;
      const request = { from: draft.value.from, edit };
      const forkId = await forkRun(runId, request, keys.of(request));
      onClose();
      route(`/dashboard/runs/${encodeURIComponent(forkId)}`);
    });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <StepField draft={draft} turns={turns} />
      <PromptFields draft={draft} turns={turns} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="dialog-end">
        <p class="faint hint">What is asked the same as before is taken over, and costs nothing.</p>
        <button type="submit" class="primary" disabled={busy || !edit}>
          <Icon name="fork" size={16} />
          {busy ? 'Starting' : 'Start the fork'}
        </button>
      </div>
    </form>
  );
}

interface FieldsProps {
  draft: Signal<ForkDraft>;
  turns: TurnPrompt[];
}

function StepField({ draft, turns }: FieldsProps): JSX.Element {
  const choose = (from: string) => (draft.value = { ...draftOf(from, turns), instruction: draft.value.instruction });
  return (
    <label class="field">
      Step
      <select value={draft.value.from} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {stepsOf(turns).map(({ stage, title, turns: own }) =>
          stage ? (
            <optgroup key={stage} label={title}>
              <option value={stage}>Every step of {title}</option>
              <Steps turns={own} />
            </optgroup>
          ) : (
            <Steps key="alone" turns={own} />
          ),
        )}
      </select>
    </label>
  );
}

function Steps({ turns }: { turns: TurnPrompt[] }): JSX.Element {
  return (
    <>
      {turns.map(({ turn, label }) => (
        <option key={turn} value={turn}>
          {label}
        </option>
      ))}
    </>
  );
}

function PromptFields({ draft, turns }: FieldsProps): JSX.Element {
  const known = turns.find(({ turn }) => turn === draft.value.from);
  const set = (change: Partial<ForkDraft>) => (draft.value = { ...draft.value, ...change });
  // before anything can be typed
  useLayoutEffect(() => document.getElementById('fork-system')?.focus(), []);
  return (
    <>
      {known && (
        <label class="field">
          Prompt of the role
          <textarea
            id="fork-system"
            rows={9}
            required
            value={draft.value.system}
            onInput={({ currentTarget }) => set({ system: currentTarget.value })}
          />
        </label>
      )}
      {known?.instructions.map((text) => (
        <p key={text} class="note past">
          <Icon name="message" size={16} />
          <span dir="auto">Said already at the end of its task: {text}</span>
        </p>
      ))}
      <label class="field">
        Say at the end of its task
        <textarea
          rows={2}
          placeholder="Nothing more"
          value={draft.value.instruction}
          onInput={({ currentTarget }) => set({ instruction: currentTarget.value })}
        />
      </label>
      <AliasField alias={draft.value.alias} choose={(alias) => set({ alias })} keep={!known?.alias} />
    </>
  );
}

interface AliasFieldProps {
  alias: ForkDraft['alias'];
  choose: (alias: ForkDraft['alias']) => void;
  /** Offers to leave every step with its own. */
  keep: boolean;
}

function AliasField({ alias, choose, keep }: AliasFieldProps): JSX.Element {
  return (
    <label class="field">
      Model alias
      <select value={alias} onChange={({ currentTarget }) => choose(currentTarget.value as ForkDraft['alias'])}>
        {keep && <option value="">As before</option>}
        {ALIASES.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
