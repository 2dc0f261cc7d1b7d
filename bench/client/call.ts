/** Requests one job as a client: its parameters and its result. */
import type { Transcript } from './transcript';

interface Job {
  swarm: string;
  message: string;
  /** The client disconnects if the job has not ended by then. */
  limitMs: number;
  /** Called after each piece of text. */
  onPiece?: ((received: Transcript) => void) | undefined;
}

/** Resolves when the connection has ended, however the job ended. */
export type Call = (job: Job) => Promise<Transcript>;
