/** The state of a run, folded from its frames: what it waits for, and how it ended. */
import { emptySnapshot, foldEvent } from '../events/fold';
import type { Frame } from '../events/frames';
import { toPlacedEvent } from '../events/placed-events';
import { describeState, readFacts, type DescribedState } from '../events/run-state';
import type { StreamFrame } from './run-stream';

/** States that a person must know of while a run goes on. The others show in the text. */
const TOLD: readonly DescribedState['state'][] = ['queued', 'needs_approval', 'paused', 'no_worker'];

export class RunProgress {
  private readonly snapshot = emptySnapshot();
  private told = '';

  /** Folds a frame. Returns the state's label if it is new and worth telling. */
  take(frame: StreamFrame): string | undefined {
    try {
      foldEvent(this.snapshot, toPlacedEvent(frame as unknown as Frame).event);
    } catch {
      // a frame of another version, or one whose predecessors are lost, changes no state
    }
    return this.findNews();
  }

  /** The label if workers have come or gone. */
  takeWorkers(hasWorker: boolean): string | undefined {
    return this.findNews(hasWorker);
  }

  describe(hasWorker?: boolean): DescribedState {
    return describeState(readFacts(this.snapshot, hasWorker));
  }

  /** The question of the gate that is open. */
  get question(): string | undefined {
    return this.snapshot.gates.find(({ status }) => status === 'open')?.question;
  }

  private findNews(hasWorker?: boolean): string | undefined {
    const { state, label } = this.describe(hasWorker);
    const news = TOLD.includes(state) ? label : '';
    if (news === this.told) return undefined;
    this.told = news;
    return news || undefined;
  }
}
