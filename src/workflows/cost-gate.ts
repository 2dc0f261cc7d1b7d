/** Limits what a run may spend before a person has to approve more. */
import { type ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import { type Gates, refusal } from './gates';

export class CostGate {
  private spentUsd = 0;
  private approvedUsd: number;
  private gatesOpened = 0;
  /** The open question; all turns that must wait share it. */
  private asking: Promise<void> | undefined;
  private refused: ApplicationFailure | undefined;

  constructor(
    private readonly gates: Gates,
    /** Amount that may be spent per approval, in US dollars. */
    private readonly stepUsd = Infinity,
  ) {
    this.approvedUsd = stepUsd;
  }

  /** An unknown cost counts as zero. */
  spend(costUsd: number | null): void {
    this.spentUsd += costUsd ?? 0;
  }

  get isSpent(): boolean {
    return this.spentUsd > this.approvedUsd;
  }

  /** Cancelling the waiting turn's scope ends this wait but not the question, because other turns may wait for the same answer. */
  async approval(): Promise<void> {
    if (this.refused) throw this.refused;
    if (!this.asking) {
      this.asking = CancellationScope.nonCancellable(() => this.ask());
      this.asking.catch(() => undefined);
    }
    await Promise.race([this.asking, CancellationScope.current().cancelRequested]);
  }

  private async ask(): Promise<void> {
    const dollars = (usd: number) => `$${usd.toFixed(4)}`;
    const name = `cost-${++this.gatesOpened}`;
    const question = `The run has spent ${dollars(this.spentUsd)}, more than ${dollars(this.approvedUsd)}. Continue?`;
    const { decision, reason } = await this.gates.ask(name, question);
    this.asking = undefined;
    if (decision === 'rejected') {
      this.refused = refusal('APPROVAL_REFUSED', `Further cost was not approved: ${reason}`);
      throw this.refused;
    }
    this.approvedUsd = this.spentUsd + this.stepUsd;
  }
}
