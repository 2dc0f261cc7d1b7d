/** What people said to the run: decisions and guidance, in order. */
import type { JSX } from 'preact';
import { moment } from '../format';
import { visible } from '../markdown/visible';
import type { RunView } from '../state/run-view';
import { Icon, type IconName } from './icons';

interface Intervention {
  at: number;
  icon: IconName;
  title: string;
  text: string;
}

export function Interventions({ run }: { run: RunView }): JSX.Element | null {
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
  const words = guidance.map(({ content, at }): Intervention => ({
    at,
    icon: 'message',
    title: 'Guidance',
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
