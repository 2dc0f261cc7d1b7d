/** The results of a program's checks: all are counted, and the first ones of each outcome are kept. */
import { MOST_LISTED } from '../../contract/check-bounds';
import type { CheckCounts, CheckResult } from '../../contract/checks';

interface Kept {
  place: number;
  result: CheckResult;
}

export class Results {
  readonly counts: CheckCounts = {
    request: { total: 0, failed: 0 },
    own: { total: 0, failed: 0 },
    load: { total: 0, failed: 0 },
  };
  private readonly kept = { passed: [] as Kept[], failed: [] as Kept[] };

  add(result: CheckResult): void {
    const count = this.counts[result.origin];
    const kept = result.passed ? this.kept.passed : this.kept.failed;
    if (kept.length < MOST_LISTED) kept.push({ place: this.total, result });
    count.total++;
    if (!result.passed) count.failed++;
  }

  get total(): number {
    return this.sum('total');
  }

  get failed(): number {
    return this.sum('failed');
  }

  /** All results in order if there are few enough; otherwise failures before passes. */
  get checks(): CheckResult[] {
    const { passed, failed } = this.kept;
    const all = [...failed, ...passed];
    const chosen = this.total > MOST_LISTED ? all.slice(0, MOST_LISTED) : all.sort((a, b) => a.place - b.place);
    return chosen.map(({ result }) => result);
  }

  private sum(key: 'total' | 'failed'): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count[key], 0);
  }
}
