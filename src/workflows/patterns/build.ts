/** drafts -> run -> { repairs, fresh drafts -> run } until checks pass or rounds run out -> review (as data, if requested) -> best draft */
import type { z } from 'zod';
import { MOST_DRAFTS } from '../../contract/names';
import { isTested, isVerified } from '../../contract/verification';
import { takeCandidate, best, listFurtherCoders, type DraftCandidate } from '../candidates';
import { draft, listFirstDrafts } from '../drafts';
import { toTextReference } from '../message';
import { definePattern, type Zod } from '../pattern';
import { describe, ROUNDS, listRepairTries } from '../repairs';
import { askForFindings } from '../structures';
import { user, type Team } from '../team';

/** Options of a build. Defaults: one draft and three rounds of repair. */
const options = (z: Zod) =>
  z.object({
    /** Maximum number of drafts; fewer if the vote is decided early. Of the drafts that pass, the one with the most agreement is chosen. */
    drafts: z.number().int().min(1).max(MOST_DRAFTS).optional(),
    /** Maximum number of rounds in which failing code is repaired or rewritten. */
    rounds: z.number().int().min(0).max(ROUNDS).optional(),
  });
type Options = z.infer<ReturnType<typeof options>>;

export const build = definePattern({
  name: 'build',
  roles: {
    needed: ['coder', 'reviewer'],
    description: 'All others are further coders, who draft in their own words or with their own model.',
  },
  options,
  takesChecks: true,
  listSteps(roles, { drafts = 1, rounds = ROUNDS }) {
    const coders = ['coder', ...listFurtherCoders(roles)];
    return [
      { step: 'draft', roles: coders.slice(0, drafts) },
      { step: 'repair', roles: coders, rounds: { least: 0, most: rounds } },
      { step: 'review', roles: ['reviewer'] },
    ];
  },
  open: (team, _roles, { drafts = 1 }) => listFirstDrafts(team, drafts),
  lead,
});

/** A coder writes code, the sandbox runs it, and failures go back to the coder. The answer is the best draft. */
async function lead(team: Team, _roles: string[], { drafts = 1, rounds: most = ROUNDS }: Options): Promise<string[]> {
  const { candidates, elected } = await draft(team, drafts);
  let rounds = 0;
  for (; !elected && rounds < most && mayImprove(team, best(candidates), rounds); rounds++) {
    await repair(team, candidates, rounds, drafts > 1);
  }
  const chosen = elected ?? best(candidates);
  const { turn, report } = chosen;
  const agreement = elected && { agreement: elected.agreement };
  team.verified({ ...report, passed: isVerified(report), turn: turn.turn, rounds, ...agreement });
  await review(team, chosen);
  return [turn.turn];
}

/**
 * Code that needs something the sandbox lacks is reported, without further turns. In a stage it is rewritten once: a plan may have added
 * dependencies that the task does not ask for, and later stages need a program that was executed.
 */
function mayImprove(team: Team, { report }: DraftCandidate, rounds: number): boolean {
  if (report.executed) return !isVerified(report);
  return rounds === 0 && report.avoidable === true && team.isStage;
}

/** Adds candidates until the best one passes. */
async function repair(team: Team, candidates: DraftCandidate[], round: number, othersDrafted: boolean): Promise<void> {
  for (const given of listRepairTries(team, best(candidates), round, othersDrafted)) {
    candidates.push(await takeCandidate(team, given));
    if (isVerified(best(candidates).report)) break;
  }
}

/** A program that passed gets a short review; a failure is explained in full. The review does not change the executed code. */
async function review(team: Team, { turn, report }: DraftCandidate): Promise<void> {
  const passed = isVerified(report);
  const found = report.executed
    ? passed
      ? `The code was executed${isTested(report) ? ' and its checks pass' : '; nothing tests it'}. Answer with the verdict line and one sentence.`
      : `The code was executed and fails:\n${describe(report)}`
    : `The code was not executed. ${report.reason ?? ''}`;
  const spoken = await team.speakAfterwards('reviewer', {
    step: 'review',
    messages: [user('# Task\n', ...team.task, '\n\n# Code\n', toTextReference(turn), `\n\n# Execution\n${found}`)],
    ...(passed ? { maxTokens: 60 } : {}),
  });
  await askForFindings(team, spoken);
}
