/**
 * Generated awkward messages, answers, programs, frames and headers against the whole product while eight innocent runs stream: a short
 * form in every test run, the full hour with `npm run hostile`. HOSTILE_SEED repeats a run; HOSTILE_ONLY=<class>:<number> repeats one
 * action, or <class> all actions of a class.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActionReport } from './attacker';
import { playHour } from './hour';
import { describeReport, findBreaches } from './report';
import { IS_LONG, MINUTES, ONLY, REPORT_FILE, SEED } from './settings';

const AROUND_MS = 240_000;
const print = (text: string) => process.stdout.write(`${text}\n`);

/** Details of a single action. */
function printAction({ id, name, ms, replies, faults, runId, runStatus, judgement }: ActionReport): void {
  print(
    `${id} ${name}: ${ms} ms, run ${runId ?? 'none'} ${runStatus ?? ''} ${judgement?.outcome ?? ''} ${judgement?.detail ?? ''}`,
  );
  for (const { what, status, code = '', ms: took } of replies.slice(0, 50))
    print(`  ${what} -> ${status} ${code} ${took} ms`);
  for (const fault of faults) print(`  FAULT ${fault}`);
}

/** Fails with the breaches alone, so that they stand at the end of the output. */
function refuse(breaches: string[]): void {
  if (breaches.length === 0) return;
  const error = new Error(breaches.join('\n'));
  error.stack = error.message;
  throw error;
}

test(
  'a hostile hour: no process dies, no verdict is forged, and innocent runs stream normally',
  async () => {
    print(`hostile: ${MINUTES} minutes with HOSTILE_SEED=${SEED}${ONLY ? `, only ${ONLY}` : ''}`);
    const report = await playHour({
      ...{ seed: SEED, minutes: MINUTES, only: ONLY },
      ...(ONLY ? { onAction: printAction } : {}),
    });
    print(describeReport(report));
    if (REPORT_FILE) writeFileSync(REPORT_FILE, JSON.stringify(report, null, 2));
    const breaches = findBreaches(report, { isLong: IS_LONG });
    // a single action need not be a program
    refuse(ONLY ? breaches.filter((breach) => !/^no (right|wrong) program/.test(breach)) : breaches);
  },
  MINUTES * 60_000 + AROUND_MS,
);

test(
  'killed workers and a false verdict are detected: the suite can fail',
  async () => {
    const report = await playHour({
      ...{ seed: SEED, minutes: 0.1, only: 'controls:0', places: ['strategic ws'] },
      async sabotage({ members }) {
        await sleep(4000);
        for (const { name, running } of members) if (name.startsWith('worker')) process.kill(running.pid, 'SIGKILL');
      },
    });
    expect(report.deaths.map(({ member, how }) => `${member} ${how}`).sort()).toEqual([
      'worker-1 SIGKILL',
      'worker-2 SIGKILL',
    ]);
    expect(report.forged.map(({ id }) => id)).toEqual(['controls:0']);
    expect(report.innocents).toMatchObject({ broken: [{}] });
    expect(report.innocents.paidTwice).toBeGreaterThan(0);
    expect(report.delay.longestSilence).toBeGreaterThan(500);
    const breaches = findBreaches(report, { isLong: false }).join('\n');
    for (const bar of ['2 deaths', '1 forged verdicts', 'not paid exactly once', 'innocent runs are broken'])
      expect(breaches).toContain(bar);
  },
  AROUND_MS,
);
