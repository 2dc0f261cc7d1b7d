/** The decisions and guidance that people gave the run, in order. */
import type { JSX } from 'preact';
import { moment } from '../format';
import { visible } from '../markdown/visible';
import type { DashboardRun } from '../state/run-view';
import { Icon, type IconName } from './icons';

interface Intervention {
  at: number;
  icon: IconName;
  title: string;
  text: string;
}

export function Interventions({ run }: { run: DashboardRun }): JSX.Element | null {
  void run.version.value;
  const { gates, guidance } = run.snapshot;
  const decisions = gates.flatMap(({ status, question, reason = '', resolved_at = 0 }): Intervention[] => {
    if (status === 'open') return [];
    const approved = status === 'approved';
    return [
      {
        at: resolved_at,
        icon: approved ? 'check' : 'close',
        title: `${question} ${approved ? 'Approved.' : 'Rejected.'}`,
        text: reason,
      },
    ];
  });
  const words = guidance.map(({ content, at, interrupted = [] }): Intervention => ({
    at,
    icon: interrupted.length > 0 ? 'restart' : 'message',
    title: interrupted.length > 0 ? `Guidance, interrupted ${nameTurns(interrupted, run)}` : 'Guidance',
    text: content,
  }));
  const all = [...decisions, ...words].sort((a, b) => a.at - b.at);
  if (all.length === 0) return null;
  return (
    <ol class="interventions" aria-label="What people said to the run">
      {all.map(({ at, icon, title, text }) => (
        <li key={`${at}-${title}`} title={moment(at)}>
          <Icon name={icon} size={16} />
          <strong>{title}</strong>
          <span dir="auto">{visible(text)}</span>
        </li>
      ))}
    </ol>
  );
}

/** The labels of turns, for example `Optimistic voice and Cautious voice`. */
function nameTurns(ids: string[], { snapshot: { turns } }: DashboardRun): string {
  const labels = ids.map((id) => turns.find(({ turn }) => turn === id)?.label ?? id);
  return labels.length > 1 ? `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}` : (labels[0] ?? '');
}
