/** Two versions of a run's code, line by line, with their checks beside it and why one was chosen. Loaded on first use. */
import { diffLines } from 'diff';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { extractCode } from '../markdown/code-blocks';
import { visible } from '../markdown/visible';
import { explainChoice, listVersions, writeOutcome, type CodeVersion } from '../state/code-versions';
import { foldContext, type DiffRow } from '../state/line-diff';
import type { DashboardRun } from '../state/run-view';
import { CheckPanel } from './check-report';
import { Icon } from './icons';
import { Notice } from './notices';

/** The time limit of a comparison, which would otherwise block the page. Milliseconds. */
const DIFF_LIMIT_MS = 400;

export default function CodeVersions({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  run.turns.value.forEach(({ version }) => void version.value);
  const verification = run.description.value?.verification;
  const versions = listVersions(run.turns.value, run.snapshot.checks, verification, extractCode);
  const before = useSignal('');
  const after = useSignal('');
  if (versions.length === 0)
    return (
      <Notice icon="code" title="No code was executed yet">
        <p>Each draft and each repair appears here with its checks.</p>
      </Notice>
    );
  const last = versions.find(({ chosen }) => chosen) ?? versions[versions.length - 1]!;
  const second = versions.find(({ turn }) => turn === after.value) ?? last;
  const first = versions.find(({ turn }) => turn === before.value) ?? findPrevious(versions, second);
  const reason = explainChoice(versions, verification);
  return (
    <section class="versions" aria-label="Versions of the code">
      {reason && (
        <p class="note past">
          <Icon name={verification?.passed ? 'check' : 'warn'} size={16} />
          <span>{visible(reason)}</span>
        </p>
      )}
      <div class="version-choice">
        <VersionField name="From" versions={versions} chosen={first.turn} choose={(turn) => (before.value = turn)} />
        <VersionField name="To" versions={versions} chosen={second.turn} choose={(turn) => (after.value = turn)} />
      </div>
      <div class="version-pair">
        <LineDiff before={first} after={second} />
        <div class="version-checks">
          {first !== second && <Checks version={first} />}
          <Checks version={second} />
        </div>
      </div>
    </section>
  );
}

/** The version before it; itself if it is the first. */
function findPrevious(versions: readonly CodeVersion[], version: CodeVersion): CodeVersion {
  return versions[versions.indexOf(version) - 1] ?? version;
}

interface VersionFieldProps {
  name: string;
  versions: CodeVersion[];
  chosen: string;
  choose: (turn: string) => void;
}

function VersionField({ name, versions, chosen, choose }: VersionFieldProps): JSX.Element {
  return (
    <label class="field">
      {name}
      <select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {versions.map(({ turn, label, check, chosen: isAnswer }) => (
          <option key={turn} value={turn}>
            {visible(label)}: {visible(writeOutcome(check))}
            {isAnswer ? ' (chosen)' : ''}
          </option>
        ))}
      </select>
    </label>
  );
}

function Checks({ version: { label, check, chosen } }: { version: CodeVersion }): JSX.Element {
  return (
    <section aria-label={`Checks of ${visible(label)}`}>
      <h3>
        {visible(label)}
        {chosen && <span class="verdict pass">chosen</span>}
      </h3>
      <CheckPanel check={check} />
    </section>
  );
}

const SIGNS: Record<DiffRow['kind'], string> = { same: ' ', removed: '-', added: '+', skipped: '' };

function LineDiff({ before, after }: { before: CodeVersion; after: CodeVersion }): JSX.Element {
  const rows = useMemo(() => compareLines(before.code, after.code), [before.code, after.code]);
  return (
    <div
      class="line-diff"
      tabIndex={0}
      role="region"
      aria-label={`Code of ${visible(after.label)}, compared with ${visible(before.label)}`}
    >
      <table>
        <tbody>
          {rows.map((row, index) => (
            <Line key={index} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ row: { kind, number, text } }: { row: DiffRow }): JSX.Element {
  if (kind === 'skipped')
    return (
      <tr class="skipped">
        <td colSpan={3}>{text}</td>
      </tr>
    );
  return (
    <tr class={kind}>
      <td class="line-number">{number}</td>
      <td class="sign">
        {SIGNS[kind]}
        {kind !== 'same' && <span class="off-screen">{kind}</span>}
      </td>
      <td>
        <code>{visible(text) || ' '}</code>
      </td>
    </tr>
  );
}

function compareLines(before: string, after: string): DiffRow[] {
  const changes = diffLines(before, after, { timeout: DIFF_LIMIT_MS }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return foldContext(changes);
}
