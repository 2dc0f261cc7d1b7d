/** What a turn was asked, how its attempts went, and its raw events, each with a copy. Loaded on first use. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { InputMessage, TurnInput } from '../../contract/input-replies';
import { count, duration, moment, plural } from '../format';
import { copyWithThanks } from '../markdown/copy';
import { visible } from '../markdown/visible';
import { toApiFailure, type ApiFailure } from '../state/api';
import type { DashboardRun } from '../state/run-view';
import { fetchTurnEvents, listAttempts, type TurnAttempt, type TurnFrame } from '../state/turn-events';
import { useParameter } from './address';
import { Dialog } from './dialog';
import { Away, Loading } from './notices';
import { useAnswer } from './page';
import { Tabs } from './tabs';

type View = 'messages' | 'parameters' | 'attempts' | 'events';
const VIEWS: [View, string][] = [
  ['messages', 'Messages'],
  ['parameters', 'Parameters'],
  ['attempts', 'Attempts'],
  ['events', 'Raw events'],
];

interface TurnInspectorProps {
  run: DashboardRun;
  turn: string;
  onClose: () => void;
}

export default function TurnInspector({ run, turn, onClose }: TurnInspectorProps): JSX.Element {
  const [wanted, remember] = useParameter('view');
  const view = useSignal<View>(VIEWS.find(([id]) => id === wanted)?.[0] ?? 'messages');
  useEffect(() => view.subscribe((id) => remember(id === 'messages' ? '' : id)), []);
  const label = run.turns.value.find(({ snapshot }) => snapshot.turn === turn)?.snapshot.label ?? turn;
  const asksEvents = view.value === 'attempts' || view.value === 'events';
  const close = () => {
    remember('');
    onClose();
  };
  return (
    <Dialog title={`Input of ${visible(label)}`} wide onClose={close}>
      <div class="dialog-body inspector">
        <p class="inspector-bar">
          <a href={makeTurnLink(run.id, turn)}>Show this turn</a>
          <Copy what="a link to this turn" text={() => new URL(makeTurnLink(run.id, turn), location.href).href} />
        </p>
        <Tabs name="Parts of the input" tabs={VIEWS} chosen={view} />
        <div role="tabpanel" id={`panel-${view.value}`} aria-labelledby={`tab-${view.value}`}>
          {asksEvents ? (
            <Events runId={run.id} turn={turn} raw={view.value === 'events'} />
          ) : (
            <Input run={run} turn={turn} parameters={view.value === 'parameters'} />
          )}
        </div>
      </div>
    </Dialog>
  );
}

const makeTurnLink = (runId: string, turn: string): string =>
  `/dashboard/runs/${encodeURIComponent(runId)}?turn=${encodeURIComponent(turn)}`;

function Copy({ what, text }: { what: string; text: () => string }): JSX.Element {
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`Copy ${what}`}
      onClick={({ currentTarget }) => void copyWithThanks(currentTarget, text())}
    >
      Copy
    </button>
  );
}

interface InputProps {
  run: DashboardRun;
  turn: string;
  parameters: boolean;
}

function Input({ run, turn, parameters }: InputProps): JSX.Element {
  const { data, failure, again } = useAnswer<TurnInput>(
    `/runs/${encodeURIComponent(run.id)}/input?turn=${encodeURIComponent(turn)}`,
  );
  if (failure.value) return <Away message={failure.value.message} retry={again} />;
  if (!data.value) return <Loading what="the input" />;
  return parameters ? <Parameters input={data.value} /> : <Messages input={data.value} run={run} />;
}

const join = ({ parts }: InputMessage): string => parts.map(({ text }) => text).join('');

function Messages({ input: { messages, lost, memory }, run }: { input: TurnInput; run: DashboardRun }): JSX.Element {
  return (
    <>
      <p class="inspector-bar">
        <span class="faint">{plural(messages.length, 'message')}, as the model received them</span>
        <Copy
          what="all messages as JSON"
          text={() =>
            JSON.stringify(
              messages.map((one) => ({ role: one.role, content: join(one) })),
              null,
              2,
            )
          }
        />
      </p>
      {memory === 'expired' && (
        <p class="note past">The session's earlier conversation was part of this prompt and is not stored any more.</p>
      )}
      {lost.length > 0 && <p class="note past">Not stored any more: the texts of {visible(lost.join(', '))}.</p>}
      <ol class="messages">
        {messages.map((message, index) => (
          <li key={index}>
            <Message message={message} run={run} number={index + 1} />
          </li>
        ))}
      </ol>
    </>
  );
}

const TITLES: Record<InputMessage['source'], Record<InputMessage['role'], string>> = {
  role: { system: 'System prompt', user: 'System prompt', assistant: 'System prompt' },
  memory: { system: 'Memory', user: 'Memory: asked', assistant: 'Memory: answered' },
  run: { system: 'System', user: 'Task', assistant: 'Earlier answer' },
};

interface MessageProps {
  message: InputMessage;
  run: DashboardRun;
  number: number;
}

function Message({ message, run, number }: MessageProps): JSX.Element {
  const title = TITLES[message.source][message.role];
  return (
    <article class={`message ${message.source}`}>
      <header>
        <strong>{title}</strong>
        <span class="mono faint">{message.role}</span>
        <Copy what={`message ${number}`} text={() => join(message)} />
      </header>
      <div class="message-text" tabIndex={0} role="region" aria-label={`Message ${number}: ${title}`} dir="auto">
        {message.parts.map(({ text, turn }, index) =>
          turn === undefined ? (
            <span key={index}>{visible(text)}</span>
          ) : (
            <span key={index} class="quoted" data-from={nameTurn(run, turn)}>
              {visible(text)}
            </span>
          ),
        )}
      </div>
    </article>
  );
}

function nameTurn(run: DashboardRun, turn: string): string {
  return run.snapshot.turns.find((one) => one.turn === turn)?.label ?? turn;
}

function Parameters({ input: { parameters, memory } }: { input: TurnInput }): JSX.Element {
  const { alias, models, temperature, max_tokens, structure, cache } = parameters;
  const rows: [string, string | undefined][] = [
    ['Model alias', alias],
    ['Models', models?.join(', ')],
    ['Temperature', String(temperature)],
    ['Token limit', count(max_tokens)],
    ['Structure of the answer', structure],
    ['Cache', cache && 'An equal earlier answer may be used'],
    ['Session memory', memory],
  ];
  return (
    <>
      <p class="inspector-bar">
        <Copy what="the parameters as JSON" text={() => JSON.stringify(parameters, null, 2)} />
      </p>
      <dl class="parameters">
        {rows.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="mono">{visible(value)}</dd>
            </div>
          ),
        )}
      </dl>
    </>
  );
}

function Events({ runId, turn, raw }: { runId: string; turn: string; raw: boolean }): JSX.Element {
  const frames = useSignal<TurnFrame[] | undefined>(undefined);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  const load = () => {
    failure.value = undefined;
    fetchTurnEvents(runId, turn).then(
      (found) => (frames.value = found),
      (error: unknown) => (failure.value = toApiFailure(error)),
    );
  };
  useEffect(load, [runId, turn]);
  if (failure.value) return <Away message={failure.value.message} retry={load} />;
  if (!frames.value) return <Loading what="the events" />;
  if (frames.value.length === 0) return <p class="faint">The events of this turn are not stored any more.</p>;
  return raw ? <RawEvents frames={frames.value} /> : <Attempts attempts={listAttempts(frames.value)} />;
}

function Attempts({ attempts }: { attempts: TurnAttempt[] }): JSX.Element {
  return (
    <ol class="messages">
      {attempts.map((attempt) => (
        <li key={attempt.number}>
          <Attempt attempt={attempt} />
        </li>
      ))}
    </ol>
  );
}

function Attempt({ attempt }: { attempt: TurnAttempt }): JSX.Element {
  const { number, model, from, to, characters, steps } = attempt;
  return (
    <article class="message">
      <header>
        <strong>Attempt {number}</strong>
        <span class="mono faint">{visible(model)}</span>
        <span class="faint">
          {duration(to - from)}, {plural(characters, 'character')}
        </span>
        <Copy what={`attempt ${number} as JSON`} text={() => JSON.stringify(attempt, null, 2)} />
      </header>
      <ol class="steps">
        {steps.map(({ at, text }) => (
          <li key={`${at} ${text}`}>
            <time class="mono faint" title={moment(at)}>
              +{duration(at - from)}
            </time>
            <span dir="auto">{visible(text)}</span>
          </li>
        ))}
      </ol>
    </article>
  );
}

/** The first events are shown; a long answer has thousands of pieces. */
const SHOWN = 400;

function RawEvents({ frames }: { frames: TurnFrame[] }): JSX.Element {
  const all = useSignal(false);
  const shown = all.value ? frames : frames.slice(0, SHOWN);
  const write = (some: TurnFrame[]) => some.map((frame) => JSON.stringify(frame)).join('\n');
  return (
    <>
      <p class="inspector-bar">
        <span class="faint">{plural(frames.length, 'event')}</span>
        <Copy what="all events as JSON lines" text={() => write(frames)} />
      </p>
      <pre class="raw" tabIndex={0} role="region" aria-label="Raw events" dir="auto">
        {visible(write(shown))}
      </pre>
      {shown.length < frames.length && (
        <button type="button" onClick={() => (all.value = true)}>
          Show all {count(frames.length)}
        </button>
      )}
    </>
  );
}
