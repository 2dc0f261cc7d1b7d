/** Ordering one job as a client: what is asked for, and what comes back. */
import type { Transcript } from './transcript';

export interface Job {
  swarm: string;
  message: string;
  /** The client leaves when the job has not ended by then. */
  limitMs: number;
  /** Called after each piece of text. */
  onPiece?: ((heard: Transcript) => void) | undefined;
}

/** Resolves when the connection has nothing more to say, however the job ended. */
export type Call = (job: Job) => Promise<Transcript>;
