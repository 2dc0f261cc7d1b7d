/** Repeats a step of a run with an edited prompt: this starts a new run, which reuses all results that stay the same. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { RunGraph, TurnPrompt } from '../../contract';
import type { PromptsReply } from '../../contract/replies';
import { ALIASES } from '../../contract/names';
import { makeDraft, makeEdit, forkRun, groupSteps, type ForkDraft } from '../state/forking';
import { createOrderKeys } from '../state/key';
import { useAttempt } from './attempt';
import { Dialog } from './dialog';
import { Icon } from './icons';
import { Away, Loading } from './notices';
import { useAnswer } from './page';

interface ForkDialogProps {
  runId: string;
  /** The step that is selected initially; empty for the last one. */
  from: string;
  graph: RunGraph | undefined;
  onClose: () => void;
}

export function ForkDialog({ runId, from, graph, onClose }: ForkDialogProps): JSX.Element {
  const { data, failure, again } = useAnswer<PromptsReply>(`/runs/${encodeURIComponent(runId)}/prompts`);
  const turns = data.value?.turns ?? [];
  return (
    <Dialog title="Fork from a step" wide onClose={onClose}>
      {failure.value && <Away message={failure.value.message} retry={again} />}
      {!data.value && !failure.value && <Loading what="the prompts" />}
      {data.value && turns.length === 0 && (
        <p class="dialog-body faint">The run ended before its first step: there is nothing to fork.</p>
      )}
      {turns.length > 0 && <ForkForm runId={runId} from={from} graph={graph} turns={turns} onClose={onClose} />}
    </Dialog>
  );
}

function ForkForm({ runId, from, graph, turns, onClose }: ForkDialogProps & { turns: TurnPrompt[] }): JSX.Element {
  const { route } = useLocation();
  const known = turns.some(({ turn }) => turn === from) ? from : (turns[turns.length - 1]?.turn ?? '');
  const draft = useSignal<ForkDraft>(makeDraft(known, turns));
  const keys = useMemo(createOrderKeys, []);
  const { busy, problem, run } = useAttempt();
  const edit = makeEdit(draft.value, turns);
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
      <StepField draft={draft} turns={turns} graph={graph} />
      <PromptFields draft={draft} turns={turns} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="dialog-end">
        <p class="faint hint">Unchanged steps are reused at no cost.</p>
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

function StepField({ draft, turns, graph }: FieldsProps & { graph: RunGraph | undefined }): JSX.Element {
  const choose = (from: string) => (draft.value = { ...makeDraft(from, turns), instruction: draft.value.instruction });
  return (
    <label class="field">
      Step
      <select value={draft.value.from} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {groupSteps(turns, graph).map(({ stage, title, turns: own }) =>
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
  // runs before the user can type
  useLayoutEffect(() => document.getElementById('fork-system')?.focus(), []);
  return (
    <>
      {known && (
        <label class="field">
          System prompt
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
          <span dir="auto">Extra instruction of an earlier fork: {text}</span>
        </p>
      ))}
      <label class="field">
        Extra instruction
        <textarea
          rows={2}
          placeholder="None"
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
  /** Adds an option that keeps the model of every step. */
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
