/** The results: one report, the criteria that it must meet, and a table for people. */
import type { ActionReport } from './attacker';
import { CLASSES, type ClassName } from './classes';
import type { Death } from './cluster';
import type { InnocentReport } from './innocents';
import type { Reply } from './site';

/** How the process of the hostile clients ends after all of their actions. */
const WELL = 'ended with 0';

export interface Observations {
  /** How the process of the hostile clients ended. */
  attackerEnd: string;
  seed: number;
  minutes: number;
  actions: readonly ActionReport[];
  innocents: readonly InnocentReport[];
  deaths: readonly Death[];
  ready: readonly number[];
  notReady: number;
  memory: Record<string, { first: number; most: number; last: number }>;
  logs: readonly { name: string; text: string }[];
  leftBehind: readonly string[];
  /** How many times longer work took on this machine during the hour than at rest. */
  slowness: number;
}

interface Sample {
  id: string;
  name: string;
  what: string;
}

export interface Report {
  attackerEnd: string;
  seed: number;
  minutes: number;
  /** By class. */
  actions: Record<string, { actions: number; runs: number; replies: number; statuses: Record<string, number> }>;
  deaths: readonly Death[];
  forged: Sample[];
  missed: Sample[];
  untested: Sample[];
  /** Hostile runs whose verdict was compared with the truth, and correct programs and reviews that were recognised. */
  judged: number;
  recognised: number;
  /** Replies with status 500 or code INTERNAL; clear replies above 500, by code. */
  internal: Sample[];
  unavailable: Record<string, number>;
  hangs: Sample[];
  uncaught: string[];
  errorLines: Record<string, number>;
  innocents: {
    runs: number;
    broken: { marker: string; runId: string; problems: string[] }[];
    inexact: number;
    paidTwice: number;
    calls: number;
  };
  delay: {
    tokens: number;
    p50: number;
    p99: number;
    max: number;
    medianWindowP99: number;
    worstWindowP99: number;
    longestSilence: number;
  };
  ready: { samples: number; notReady: number; p50: number; p99: number; max: number };
  memory: Record<string, { first: number; most: number; last: number }>;
  leftBehind: readonly string[];
  slowness: number;
}

const WINDOW_MS = 10_000;

export function makeReport(seen: Observations): Report {
  const { actions, innocents, ready } = seen;
  const replies = actions.flatMap((action) => action.replies.map((reply) => ({ action, reply })));
  const judged = actions.filter(({ judgement }) => judgement && judgement.outcome !== 'none');
  const ofOutcome = (outcome: string) =>
    judged
      .filter(({ judgement }) => judgement?.outcome === outcome)
      .map((one) => readSample(one, `${one.runId}: ${one.judgement!.detail}`));
  const delays = innocents.flatMap((run) => run.delays);
  const times = sorted(delays.map(({ ms }) => ms));
  const windows = sorted(listWindows(delays).map((window) => percentiles(window).p99));
  return {
    ...{
      attackerEnd: seen.attackerEnd,
      seed: seen.seed,
      minutes: seen.minutes,
      deaths: seen.deaths,
      memory: seen.memory,
      leftBehind: seen.leftBehind,
      slowness: seen.slowness,
    },
    actions: Object.fromEntries(
      (Object.keys(CLASSES) as ClassName[]).map((name) => [
        name,
        countClass(actions.filter(({ className }) => className === name)),
      ]),
    ),
    forged: ofOutcome('forged'),
    missed: ofOutcome('missed'),
    untested: ofOutcome('untested'),
    judged: judged.length,
    recognised: judged.filter(({ name, judgement }) => /\((right|pass)\)$/.test(name) && judgement?.outcome === 'true')
      .length,
    internal: replies
      .filter(({ reply }) => isInternal(reply))
      .map(({ action, reply }) => readSample(action, `${reply.what}: ${reply.status} ${reply.code ?? ''}`)),
    unavailable: countBy(
      replies.filter(({ reply }) => reply.status > 500 && !isInternal(reply)),
      ({ reply }) => `${reply.status} ${reply.code ?? ''}`,
    ),
    hangs: actions.flatMap((action) => action.faults.map((fault) => readSample(action, fault))),
    ...readLogs(seen.logs),
    innocents: {
      runs: innocents.length,
      broken: innocents
        .filter(({ problems }) => problems.length > 0)
        .map(({ marker, runId, problems }) => ({ marker, runId, problems })),
      inexact: sum(innocents.map(({ inexact }) => inexact)),
      paidTwice: sum(innocents.map(({ paidTwice }) => paidTwice)),
      calls: sum(innocents.map(({ calls }) => calls)),
    },
    delay: {
      tokens: times.length,
      ...percentiles(times),
      medianWindowP99: percentiles(windows).p50,
      worstWindowP99: Math.max(0, ...windows),
      longestSilence: Math.max(0, ...innocents.map((run) => run.longestSilence)),
    },
    ready: { samples: ready.length, notReady: seen.notReady, ...percentiles(sorted([...ready])) },
  };
}

/** A reply that blames the product itself. */
function isInternal({ status, code }: Reply): boolean {
  return status === 500 || code === 'INTERNAL' || code === 'internal_error';
}

function readSample({ id, name }: ActionReport, what: string): Sample {
  return { id, name, what };
}

function countClass(actions: readonly ActionReport[]) {
  const replies = actions.flatMap((action) => action.replies);
  return {
    actions: actions.length,
    runs: actions.filter(({ runId }) => runId !== undefined).length,
    replies: replies.length,
    statuses: countBy(replies, ({ status }) => (status === 0 ? 'cut' : String(status))),
  };
}

const ERROR_LEVEL = 50;

/** Counts error lines by message, and uncaught errors. */
function readLogs(logs: Observations['logs']): Pick<Report, 'uncaught' | 'errorLines'> {
  const uncaught: string[] = [];
  const errorLines: Record<string, number> = {};
  for (const { name, text } of logs) {
    for (const line of text.split('\n')) {
      if (/uncaught|unhandled|ERR_INTERNAL_ASSERTION/i.test(line)) uncaught.push(`${name}: ${line.slice(0, 300)}`);
      const { level = 0, msg = '' } = parseLine(line);
      if (level < ERROR_LEVEL) continue;
      const key = `${name}: ${msg.slice(0, 80)}`;
      errorLines[key] = (errorLines[key] ?? 0) + 1;
    }
  }
  return { uncaught, errorLines };
}

function parseLine(line: string): { level?: number; msg?: string } {
  if (!line.startsWith('{"level":')) return {};
  try {
    return JSON.parse(line) as { level?: number; msg?: string };
  } catch {
    return {};
  }
}

function listWindows(delays: readonly { at: number; ms: number }[]): number[][] {
  const windows = new Map<number, number[]>();
  for (const { at, ms } of delays) {
    const window = Math.floor(at / WINDOW_MS);
    const known = windows.get(window);
    if (known) known.push(ms);
    else windows.set(window, [ms]);
  }
  return [...windows.values()].map(sorted);
}

const sorted = (values: number[]) => values.sort((a, b) => a - b);
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

function percentiles(values: readonly number[]) {
  const at = (share: number) =>
    Math.round((values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function countBy<T>(items: readonly T[], readKey: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[readKey(item)] = (counts[readKey(item)] ?? 0) + 1;
  return counts;
}

const DELAY_LIMIT_MS = 500;
/** Fewer innocent runs would prove nothing. */
const FEWEST_RUNS = 8;

/**
 * Describes each criterion that is not met; empty if all are. A long run is judged by the p99 of all tokens. In a short run, a pause of a
 * shared machine has much weight, so it is judged by the median of its windows, and its limit is multiplied by the slowness of the machine.
 * The fault that this must detect, a blocked process, delays tokens by many seconds.
 */
export function findBreaches(report: Report, { isLong }: { isLong: boolean }): string[] {
  const { deaths, forged, missed, internal, hangs, uncaught, innocents, delay, leftBehind } = report;
  const named = (samples: readonly Sample[]) =>
    [...new Set(samples.map(({ id, what }) => `${id} (${what.slice(0, 160)})`))].slice(0, 8).join('; ');
  const p99 = isLong ? delay.p99 : delay.medianWindowP99;
  const limit = isLong ? DELAY_LIMIT_MS : DELAY_LIMIT_MS * report.slowness;
  const bars: [holds: boolean, breach: string][] = [
    [report.attackerEnd === WELL, `the hostile clients ${report.attackerEnd}`],
    [
      deaths.length === 0,
      `${deaths.length} deaths: ${deaths.map(({ member, how, atMs }) => `${member} after ${atMs} ms by ${how}`).join('; ')}`,
    ],
    [forged.length === 0, `${forged.length} forged verdicts: ${named(forged)}`],
    [missed.length === 0, `${missed.length} right programs or reviews were not recognised: ${named(missed)}`],
    [report.recognised > 0, 'no right program was recognised, so that wrong ones prove nothing'],
    [report.judged > report.recognised, 'no wrong program was judged'],
    [internal.length === 0, `${internal.length} answers blame the product: ${named(internal)}`],
    [hangs.length === 0, `${hangs.length} requests or runs hang: ${named(hangs)}`],
    [uncaught.length === 0, `${uncaught.length} uncaught errors: ${uncaught.slice(0, 3).join('; ')}`],
    [innocents.runs >= FEWEST_RUNS, `only ${innocents.runs} innocent runs ended`],
    [
      innocents.broken.length === 0,
      `${innocents.broken.length} innocent runs are broken: ${innocents.broken
        .slice(0, 4)
        .map(({ marker, problems }) => `${marker}: ${problems.join(', ').slice(0, 200)}`)
        .join('; ')}`,
    ],
    [innocents.inexact === 0, `${innocents.inexact} inexact texts`],
    [innocents.paidTwice === 0, `${innocents.paidTwice} calls of innocent runs were not paid exactly once`],
    [
      delay.tokens > 0 && p99 < limit,
      `p99 of the token delay is ${p99} ms over ${delay.tokens} tokens, not below ${Math.round(limit)} ms`,
    ],
    [leftBehind.length === 0, `${leftBehind.length} processes left behind: ${leftBehind.slice(0, 5).join('; ')}`],
  ];
  return bars.flatMap(([holds, breach]) => (holds ? [] : [breach]));
}

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
const ofCounts = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([key, count]) => `${key.trim()}: ${count}`)
    .join(', ') || 'none';

/** The report as lines of text. */
export function describeReport(report: Report): string {
  const { innocents, delay, ready } = report;
  const rows = [
    ['seed, minutes', `${report.seed}, ${report.minutes}`],
    ...Object.entries(report.actions)
      .filter(([, { actions }]) => actions > 0)
      .map(([name, { actions, runs, replies, statuses }]) => [
        name,
        `${actions} actions, ${runs} runs, ${replies} answers (${ofCounts(statuses)})`,
      ]),
    ['deaths', String(report.deaths.length)],
    [
      'forged verdicts',
      `${report.forged.length} of ${report.judged} judged; ${report.recognised} right ones recognised, ${report.missed.length} missed, ${report.untested.length} untested`,
    ],
    [
      'innocent runs',
      `${innocents.runs} ended, ${innocents.broken.length} broken, ${innocents.calls} calls, ${innocents.paidTwice} not paid once, ${innocents.inexact} inexact texts`,
    ],
    [
      'token delay',
      `p50 ${delay.p50} ms, p99 ${delay.p99} ms, max ${delay.max} ms over ${delay.tokens} tokens; p99 of 10 s: median ${delay.medianWindowP99} ms, worst ${delay.worstWindowP99} ms; longest silence ${delay.longestSilence} ms`,
    ],
    ['the machine', `work took ${report.slowness.toFixed(2)} times as long as at rest`],
    ['answers of 500 or INTERNAL', String(report.internal.length)],
    ['answers above 500', ofCounts(report.unavailable)],
    ['hangs', String(report.hangs.length)],
    ['uncaught errors', String(report.uncaught.length)],
    ['lines of errors', ofCounts(report.errorLines)],
    [
      'GET /readyz',
      `p50 ${ready.p50} ms, p99 ${ready.p99} ms, max ${ready.max} ms of ${ready.samples}; ${ready.notReady} not 200`,
    ],
    ...Object.entries(report.memory).map(([name, { first, most, last }]) => [
      `memory of ${name}`,
      `${megabytes(first)} at first, ${megabytes(most)} at most, ${megabytes(last)} at last`,
    ]),
    ['left behind', String(report.leftBehind.length)],
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', value = '']) => `${name.padEnd(width)}  ${value}`).join('\n');
}
