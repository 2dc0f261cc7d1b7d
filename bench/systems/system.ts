/** One of the compared systems. */
import type { Call } from '../client/call';
import type { Member } from '../process-group';

export interface System {
  readonly url: string;
  /** Its processes, to measure their resource usage. */
  members(): Member[];
  /** Kills the process that calls the gateway, like a crash, and starts another after `downMs`. */
  crash(downMs: number): Promise<void>;
  /** Starts another worker, for a task queue of its own. */
  startWorker?(): { member: Member; taskQueue: string };
}

/** The columns of the table; `against` is another build of the product. */
export const SUBJECTS = ['direct', 'ours', 'ours-ws', 'against'] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/** A system as seen by one kind of client. */
export interface Subject {
  readonly name: SubjectName;
  readonly system: System;
  readonly call: Call;
}
