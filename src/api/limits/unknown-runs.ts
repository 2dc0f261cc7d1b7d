/** Caches ids that Temporal has just reported as unknown, so that repeated requests cost no further round trip. */

const REMEMBERED_MS = 1000;
const MOST = 10_000;

export class UnknownRuns {
  /** Expiry time by id, in insertion order. */
  private readonly until = new Map<string, number>();

  has(runId: string): boolean {
    return (this.until.get(runId) ?? 0) > Date.now();
  }

  add(runId: string): void {
    this.until.delete(runId);
    this.until.set(runId, Date.now() + REMEMBERED_MS);
    for (const [oldest, until] of this.until) {
      if (this.until.size <= MOST && until > Date.now()) break;
      this.until.delete(oldest);
    }
  }

  /** Called when the run has been started. */
  forget(runId: string): void {
    this.until.delete(runId);
  }
}
