/**
 * The hostile clients in a separate process: node attacker.ts <options as JSON>. Prints one line of JSON for each finished action. It
 * starts no further action once its standard input closes, and exits when the last action has finished.
 */
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { planAction, type PlannedAction } from './action';
import { CLASSES, type ClassName } from './classes';
import type { Judgement } from './judge';
import { writeMarker } from './marker';
import { playRun } from './hostile-run';
import { Site, type Reply } from './site';

export interface AttackOptions {
  seed: number;
  host: string;
  port: number;
  /** A key for each class, so that a class that reaches its limits does not block the others. */
  keys: Record<ClassName, string>;
  /** Classes or single actions, separated by commas: `<class>`, `<class>:<number>`. The default is all classes. */
  only?: string;
  /** Whether the system has more than one loopback address. */
  hasOtherAddresses: boolean;
}

/** The result of one action. */
export interface ActionReport {
  id: string;
  className: ClassName;
  name: string;
  ms: number;
  replies: Reply[];
  faults: string[];
  runId?: string;
  runStatus?: string;
  judgement?: Judgement;
}

/** Real hostile clients run on other machines: what they use here must not be taken from the product. */
const NICENESS = 10;

let isStopping = false;

async function main(): Promise<void> {
  const options = JSON.parse(process.argv.at(-1)!) as AttackOptions;
  setPriority(NICENESS);
  const stop = () => (isStopping = true);
  process.stdin.once('close', stop).once('end', stop).resume();
  const played = Object.keys(CLASSES).filter((name) => CLASSES[name as ClassName].lanes > 0);
  const wanted = options.only?.split(',') ?? played;
  await Promise.all(
    wanted.map((one) => {
      const [className = '', number] = one.split(':');
      if (!(className in CLASSES)) throw new Error(`HOSTILE_ONLY: there is no class "${className}".`);
      const name = className as ClassName;
      return number === undefined ? attackWithClass(options, name) : execute(options, name, Number(number));
    }),
  );
}

/** Several lanes take the numbers of a class in order, each with a pause between actions. */
async function attackWithClass(options: AttackOptions, className: ClassName): Promise<void> {
  const { lanes, pauseMs } = CLASSES[className];
  let next = 0;
  const lane = async () => {
    while (!isStopping) {
      await execute(options, className, next++);
      await sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function execute(options: AttackOptions, className: ClassName, number: number): Promise<void> {
  const { kinds } = CLASSES[className];
  const { id, name, action } = planAction(options.seed, className, kinds, number);
  const { host, port, keys, hasOtherAddresses } = options;
  const place = 2 + Object.keys(CLASSES).indexOf(className);
  const local = hasOtherAddresses ? { localAddress: `127.0.0.${place}` } : {};
  const site = new Site({ host, port, key: keys[className], ...local });
  const startedAt = performance.now();
  const outcome = await play(site, action, className, number).catch((error: unknown) => {
    site.faults.push(`the client itself failed: ${error instanceof Error ? error.stack : String(error)}`);
    return {};
  });
  site.close();
  const report: ActionReport = {
    ...{ id, className, name, ms: Math.round(performance.now() - startedAt) },
    ...{ replies: site.replies, faults: site.faults },
    ...outcome,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function play(site: Site, action: PlannedAction['action'], kind: string, number: number) {
  if ('attack' in action) {
    await action.attack(site);
    return {};
  }
  const marker = writeMarker({ side: 'hostile', kind, number });
  const { status, ...outcome } = await playRun(site, action, `${marker}\n${action.message}`);
  return { ...outcome, ...(status ? { runStatus: status } : {}) };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
