/** What every scenario is given and what it gives: one set of figures for each subject in each round. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../../test/support/scripted-gateway';
import type { RemoteGateway } from '../../test/support/scripted-gateway/spawn';
import type { Transcript } from '../client/transcript';
import { addDamage, damageOf, isWhole, type Damage, type Expected } from '../client/wholeness';
import type { Size } from '../sizes';
import type { Subject, SubjectName } from '../systems/system';

/** Figures by the key of their metric; what a subject has no figure for is left out. */
export type Sample = Record<string, number>;

export interface Metric {
  key: string;
  label: string;
  /** `yes-no`: 1 and 0 are shown as words, and have no ratio. */
  kind?: 'yes-no' | 'count';
}

export interface Scenario {
  /** With a metric's key, the name of a figure: `latency.first-token.p50`. */
  name: string;
  title: string;
  metrics: Metric[];
  rounds(size: Size): number;
  /** Whether it is worth its time for this subject. */
  suits(subject: Subject, size: Size): boolean;
  measure(bench: Bench, subject: Subject): Promise<Sample>;
}

/** One line for each kind of harm that was seen where none was due. */
export interface Complaint {
  subject: SubjectName;
  scenario: string;
  damage: Damage;
  endings: string[];
}

const SETTLE_MS = 300;

/** What scenarios share: the gateway, the clock, and the book of damage. */
export class Bench {
  readonly complaints: Complaint[] = [];

  constructor(
    readonly gateway: RemoteGateway,
    /** How far the gateway's clock is ahead of ours, milliseconds. */
    readonly clockAheadMs: number,
    readonly size: Size,
    /** The Redis under the product. */
    readonly redisUrl: string,
  ) {}

  /** Lets the gateway forget everything and answer all calls like this. */
  async script(defaultReply: Reply): Promise<void> {
    await this.gateway.reset();
    await this.gateway.send({ defaultReply });
  }

  /** Gives what is still at work in a system the time to end, so that the next measurement does not pay for it. */
  async settle(): Promise<void> {
    while ((await this.gateway.open()) > 0) await sleep(SETTLE_MS);
    await sleep(SETTLE_MS);
  }

  /** Checks that jobs came whole; what did not is complained about. */
  check(subject: Subject, scenario: string, jobs: readonly Transcript[], expected: Expected): Damage {
    const damage = addDamage(jobs.map((heard) => damageOf(heard, expected)));
    if (!isWhole(damage)) {
      const endings = new Set(jobs.filter(({ completed }) => !completed).map(({ ending }) => ending));
      this.complaints.push({ subject: subject.name, scenario, damage, endings: [...endings] });
    }
    return damage;
  }
}
