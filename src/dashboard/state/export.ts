/** A run as a document in Markdown. Pure. */
import type { RunView } from '../../contract/replies';
import { describeVerification } from '../../contract/verification';
import { count, duration, money, plural } from '../format';

/** `message` is the whole task; the description has only its beginning. */
export function writeMarkdown(run: RunView, message: string, title: string): string {
  const sections = [
    `# ${title}`,
    `## Task\n\n${quote(message)}`,
    writeFacts(run),
    writePeople(run),
    ...run.turns.map(writeTurn(run)),
    run.failure ? `## Failure\n\n${run.failure.code}: ${run.failure.message}` : '',
    run.verification ? `## Verification\n\n${describeVerification(run.verification)}` : '',
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

const quote = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');

function writeFacts({ run_id, status, swarm_id, started_at, ended_at, usage, cost_usd, forked_from }: RunView): string {
  const rows = [
    ['Run', `\`${run_id}\``],
    ['Swarm', swarm_id],
    ['Status', status],
    ['Started', started_at],
    ...(ended_at ? [['Duration', duration(Date.parse(ended_at) - Date.parse(started_at))]] : []),
    ...(usage ? [['Tokens', `${count(usage.prompt_tokens)} read, ${count(usage.completion_tokens)} written`]] : []),
    ...(cost_usd === undefined ? [] : [['Cost', money(cost_usd)]]),
    ...(forked_from ? [['Forked from', `\`${forked_from.run_id}\` at \`${forked_from.from}\``]] : []),
  ];
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

function writePeople({ gates, guidance }: RunView): string {
  const decisions = gates.map(({ question, status, reason = '' }) => `- ${question} ${status}. ${reason}`.trim());
  const words = guidance.map(({ content }) => `- Guidance: ${content}`);
  const all = [...decisions, ...words];
  return all.length > 0 ? `## Decisions and guidance\n\n${all.join('\n')}` : '';
}

function writeTurn({ answers = [], checks }: RunView): (turn: RunView['turns'][number]) => string {
  return ({ turn, label, model, text, status }) => {
    const check = checks.find(({ about }) => about === turn);
    const about = [
      model && `\`${model}\``,
      status === 'completed' ? '' : status,
      answers.includes(turn) ? '**part of the result**' : '',
      check?.passed === undefined
        ? ''
        : `${check.passed} of ${plural(check.passed + (check.failed ?? 0), 'check')} passed`,
    ].filter(Boolean);
    return `## ${label}\n\n${about.join(', ')}\n\n${text.trim()}`;
  };
}
