/** Connects the API of a process that is also a worker with that worker, which may still be starting. */
import type { SwarmRunInput } from '../contract';
import type { RunStart } from '../model-call/express-lane';
import type { StartReceiver } from './express-lane';

export class LocalStarts {
  private receiver: StartReceiver | undefined;

  connect(receiver: StartReceiver): void {
    this.receiver = receiver;
  }

  readonly announce = (input: SwarmRunInput): RunStart | undefined => this.receiver?.announce(input);
}
