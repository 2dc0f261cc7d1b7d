/**
 * Bounds the size of a report, whatever a program puts into names, errors and output: the report is part of workflow histories and events.
 */
import { MOST_LISTED, REPORT_BYTES } from '../../contract/check-bounds';
import type { CheckReport, CheckResult } from '../../contract/checks';
import { ERROR_LIMIT, MOST_MISSING, NAME_LIMIT } from '../guest/protocol';
import { shorten } from '../guest/shorten';

const LANGUAGE_LIMIT = 40;
const REASON_LIMIT = 1000;
/** Text lengths that are tried in order until the report fits; the last one always fits, whatever the characters are. */
const LENGTHS: readonly Lengths[] = [
  { output: 8000, error: ERROR_LIMIT, name: NAME_LIMIT },
  { output: 8000, error: 1000, name: NAME_LIMIT },
  { output: 4000, error: 500, name: NAME_LIMIT },
  { output: 2000, error: 250, name: 100 },
  { output: 500, error: 100, name: 60 },
];

interface Lengths {
  output: number;
  error: number;
  name: number;
}

export function boundReport(report: CheckReport): CheckReport {
  const { language, reason, missing } = report;
  const bounded = {
    ...report,
    language: shorten(language, LANGUAGE_LIMIT),
    ...(reason === undefined ? {} : { reason: shorten(reason, REASON_LIMIT) }),
    ...(missing ? { missing: missing.slice(0, MOST_MISSING).map((name) => shorten(name, NAME_LIMIT)) } : {}),
  };
  const fits = (lengths: Lengths) => Buffer.byteLength(JSON.stringify(cut(bounded, lengths))) <= REPORT_BYTES;
  return cut(bounded, LENGTHS.find(fits) ?? LENGTHS.at(-1)!);
}

function cut(report: CheckReport, lengths: Lengths): CheckReport {
  const checks = report.checks.slice(0, MOST_LISTED).map(({ name, error, ...check }): CheckResult => ({
    ...check,
    name: shorten(name, lengths.name),
    ...(error === undefined ? {} : { error: shorten(error, lengths.error) }),
  }));
  return { ...report, output: shorten(report.output, lengths.output), checks };
}
