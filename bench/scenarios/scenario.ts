/** The interface of scenarios: each measures one set of figures for each subject in each round. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../../test/support/scripted-gateway';
import type { RemoteGateway } from '../../test/support/scripted-gateway/spawn';
import type { Transcript } from '../client/transcript';
import { addDamage, findDamage, isWhole, type Damage, type Expected } from '../client/wholeness';
import type { Size } from '../sizes';
import type { Subject, SubjectName } from '../systems/system';

/** Figures by the key of their metric; missing if the subject has no such figure. */
export type Sample = Record<string, number>;

export interface Metric {
  key: string;
  label: string;
  /** `yes-no`: 1 and 0 are shown as words, and have no ratio. */
  kind?: 'yes-no' | 'count';
}

export interface Scenario {
  /** Followed by a metric's key, the name of a figure: `latency.first-token.p50`. */
  name: string;
  title: string;
  metrics: Metric[];
  rounds(size: Size): number;
  /** Whether it should be run for this subject. */
  suits(subject: Subject, size: Size): boolean;
  measure(bench: Bench, subject: Subject): Promise<Sample>;
}

/** One entry for each kind of damage observed where none is expected. */
export interface Complaint {
  subject: SubjectName;
  scenario: string;
  damage: Damage;
  endings: string[];
}

const SETTLE_MS = 300;

/** State shared by scenarios: the gateway, the clock, and the recorded damage. */
export class Bench {
  readonly complaints: Complaint[] = [];

  constructor(
    readonly gateway: RemoteGateway,
    /** How far the gateway's clock is ahead of ours, milliseconds. */
    readonly clockAheadMs: number,
    readonly size: Size,
    /** The Redis that the product uses. */
    readonly redisUrl: string,
    readonly temporalAddress: string,
    /** The size of Temporal's database. */
    readonly databaseBytes: () => number,
  ) {}

  /** Resets the gateway and makes it answer all calls with this reply. */
  async script(defaultReply: Reply): Promise<void> {
    await this.gateway.reset();
    await this.gateway.send({ defaultReply });
  }

  /** Waits until a system has finished its remaining work, so that it does not affect the next measurement. */
  async settle(): Promise<void> {
    while ((await this.gateway.open()) > 0) await sleep(SETTLE_MS);
    await sleep(SETTLE_MS);
  }

  /** Checks that jobs are complete; records a complaint otherwise. */
  check(subject: Subject, scenario: string, jobs: readonly Transcript[], expected: Expected): Damage {
    const damage = addDamage(jobs.map((received) => findDamage(received, expected)));
    if (!isWhole(damage)) {
      const endings = new Set(jobs.filter(({ completed }) => !completed).map(({ ending }) => ending));
      this.complaints.push({ subject: subject.name, scenario, damage, endings: [...endings] });
    }
    return damage;
  }
}
