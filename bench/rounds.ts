/** Executes a run: warm-up, then in each round every scenario with every subject in turn, so that machine fluctuations affect all. */
import { latency } from './scenarios/latency';
import { carry } from './scenarios/load';
import type { Bench, Sample, Scenario } from './scenarios/scenario';
import { teams } from './scenarios/teams';
import type { Subject, SubjectName } from './systems/system';

/** The samples of each scenario by subject, one per round. */
export type Results = Map<Scenario, Map<SubjectName, Sample[]>>;

export interface Course {
  subjects: Subject[];
  scenarios: Scenario[];
  rounds: number;
  say(line: string): void;
  signal: AbortSignal;
}

const WARM_UP_USERS = 16;
const WARM_UP_SECONDS = 2;

export async function runRounds(bench: Bench, course: Course): Promise<Results> {
  const results: Results = new Map(course.scenarios.map((scenario) => [scenario, new Map()]));
  for (const subject of course.subjects) {
    course.say(`warm-up: ${subject.name}`);
    await warmUp(bench, subject);
    course.signal.throwIfAborted();
  }
  for (let round = 0; round < course.rounds; round++) {
    for (const [scenario, samples] of results) {
      if (round < scenario.rounds(bench.size)) await runScenario(bench, course, round, scenario, samples);
    }
  }
  return results;
}

async function runScenario(
  bench: Bench,
  { subjects, rounds, say, signal }: Course,
  round: number,
  scenario: Scenario,
  samples: Map<SubjectName, Sample[]>,
): Promise<void> {
  const suited = subjects.filter((subject) => scenario.suits(subject, bench.size));
  // the first subject is affected by what the previous scenario left behind, so the order alternates
  for (const subject of round % 2 === 0 ? suited : suited.reverse()) {
    say(`round ${round + 1} of ${rounds}: ${scenario.name}, ${subject.name}`);
    const sample = await scenario.measure(bench, subject);
    samples.set(subject.name, [...(samples.get(subject.name) ?? []), sample]);
    await bench.settle();
    signal.throwIfAborted();
  }
}

/** Warms up compilation, connections and caches, which are not part of the measurement. */
async function warmUp(bench: Bench, subject: Subject): Promise<void> {
  await carry(bench, subject, { users: WARM_UP_USERS, tokens: 100, seconds: WARM_UP_SECONDS });
  const shortly = Object.assign(Object.create(bench) as Bench, {
    size: { ...bench.size, latencyJobs: 3, teamJobs: 1 },
  });
  await latency.measure(shortly, subject);
  await teams.measure(shortly, subject);
}
