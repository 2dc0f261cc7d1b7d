/** What a run may spend before a person has to approve more. */
import { type ApplicationFailure, CancellationScope, patched } from '@temporalio/workflow';
import { type Gates, refusal } from './gates';

export class Allowance {
  private spentUsd = 0;
  private approvedUsd: number;
  private gatesOpened = 0;
  /** What all turns that may not begin before wait for together. */
  private asking: Promise<void> | undefined;
  private refused: ApplicationFailure | undefined;

  constructor(
    private readonly gates: Gates,
    /** How much may be spent between one approval and the next, US dollars. */
    private readonly stepUsd = Infinity,
  ) {
    this.approvedUsd = stepUsd;
  }

  /** A gateway that names no cost counts as free. */
  spend(costUsd: number | null): void {
    this.spentUsd += costUsd ?? 0;
  }

  get isSpent(): boolean {
    return this.spentUsd > this.approvedUsd;
  }

  /** Ends with the scope of the turn that waits; the question itself outlives it, since others may wait for the answer. */
  async approval(): Promise<void> {
    if (this.refused && patched('refusal-stands')) throw this.refused;
    if (!this.asking) {
      this.asking = CancellationScope.nonCancellable(() => this.ask());
      this.asking.catch(() => undefined);
    }
    await Promise.race([this.asking, CancellationScope.current().cancelRequested]);
  }

  private async ask(): Promise<void> {
    const dollars = (usd: number) => `$${usd.toFixed(4)}`;
    const name = `cost-${++this.gatesOpened}`;
    const question = `The run has spent ${dollars(this.spentUsd)}, more than ${dollars(this.approvedUsd)}. Go on?`;
    const { decision, reason } = await this.gates.ask(name, question);
    this.asking = undefined;
    if (decision === 'rejected') {
      this.refused = refusal('APPROVAL_REFUSED', `Further cost was not approved: ${reason}`);
      throw this.refused;
    }
    this.approvedUsd = this.spentUsd + this.stepUsd;
  }
}
