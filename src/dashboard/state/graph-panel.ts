/** Whether the graph of runs is open, and how high it is: it must not grow while a run goes on, because everything below would move. */
import { signal } from '@preact/signals';
import type { RunGraph } from '../../contract';

const STORED = 'murmuration.graph';
const LEAST_ROWS = 2;
const MOST_ROWS = 4;

export const isGraphOpen = signal(localStorage.getItem(STORED) !== 'closed');

export function openGraph(open: boolean): void {
  isGraphOpen.value = open;
  localStorage.setItem(STORED, open ? 'open' : 'closed');
}

/** The number of rows of the graph: that of the step with the most roles. Further rows scroll. */
export function countRows(graph: RunGraph | undefined): number {
  const steps = graph?.stages.flatMap((stage) => stage.steps) ?? [];
  const most = Math.max(LEAST_ROWS, ...steps.map(({ roles }) => roles.length));
  return Math.min(most, MOST_ROWS);
}
