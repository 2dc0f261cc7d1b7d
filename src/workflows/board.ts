/** The run's details in the Temporal Web UI: every stage with its turns and their states, and finally how the run ended. */
import { setCurrentDetails } from '@temporalio/workflow';
import type { RunOutcome } from '../contract';
import { sumTotals } from '../events/totals';

interface Section {
  title: string;
  /** The stage's state; empty for a run without stages. */
  state: string;
  lines: Map<string, string>;
}

/** Module state is per workflow: the SDK loads the modules separately for each workflow. */
const sections = new Map<string, Section>();
let ending = '';

/** Shows the current state of a turn. */
export type Show = (label: string, state: string) => void;

/** Opens the section of a stage, or of the run itself if `stage` is empty. */
export function openSection(stage: string, swarm: string): Show {
  const section: Section = {
    title: stage ? `${stage} · ${swarm}` : swarm,
    state: stage ? 'under way' : '',
    lines: new Map(),
  };
  sections.set(stage, section);
  render();
  return (label, state) => {
    section.lines.set(label, state);
    render();
  };
}

/** Shows how a stage ended. */
export function endSection(stage: string, state: string): void {
  const section = sections.get(stage);
  if (!section) return;
  section.state = state;
  render();
}

/** Shows how the run ended, above everything else. */
export function showEnding({ status, failure, result }: RunOutcome): void {
  const { turns, usage, cost_usd: cost } = sumTotals(result);
  const price = cost === null ? '' : `, $${cost.toFixed(4)}`;
  const why = failure ? ` (${failure.code}: ${failure.message})` : '';
  ending = `**${status}**${why} · ${turns} turns, ${usage.prompt_tokens + usage.completion_tokens} tokens${price}`;
  render();
}

function render(): void {
  const shown = [...sections.values()].map(({ title, state, lines }) => {
    const heading = state ? `**${title}**: ${state}` : `**${title}**`;
    return [heading, [...lines].map(([who, what]) => `- ${who}: ${what}`).join('\n')].filter(Boolean).join('\n\n');
  });
  setCurrentDetails([ending, ...shown].filter(Boolean).join('\n\n'));
}
