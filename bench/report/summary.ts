/** Looks up figures in the results, summarised over their rounds. */
import type { Results } from '../rounds';
import { summarise, type Summary } from '../statistics';
import type { SubjectName } from '../systems/system';

/** Returns undefined if there is no figure. */
export function summariseMetric(
  results: Results,
  scenario: string,
  subject: SubjectName,
  metric: string,
): Summary | undefined {
  const bySubject = [...results].find(([{ name }]) => name === scenario)?.[1];
  const rounds = (bySubject?.get(subject) ?? []).flatMap((sample) => sample[metric] ?? []);
  const known = rounds.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? summarise(known) : undefined;
}

export interface Figure extends Summary {
  scenario: string;
  metric: string;
  label: string;
  subject: SubjectName;
}

/** Returns all figures as one flat list. */
export function allFigures(results: Results): Figure[] {
  return [...results].flatMap(([{ name, metrics }, bySubject]) =>
    [...bySubject.keys()].flatMap((subject) =>
      metrics.flatMap(({ key, label }) => {
        const summary = summariseMetric(results, name, subject, key);
        return summary ? [{ scenario: name, metric: key, label: label.trim(), subject, ...summary }] : [];
      }),
    ),
  );
}
