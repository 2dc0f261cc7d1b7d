/** One of the systems that are compared. */
import type { Call } from '../client/call';
import type { Member } from '../crew';

export interface System {
  readonly url: string;
  /** Its processes, for what they use. */
  members(): Member[];
  /** Ends the process that calls the gateway as a crash would, and starts another after a while. */
  crash(downMs: number): Promise<void>;
}

/** The columns of the table; `against` is another build of the product. */
export const SUBJECTS = ['direct', 'ours', 'ours-ws', 'against'] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/** A system as one kind of client sees it. */
export interface Subject {
  readonly name: SubjectName;
  readonly system: System;
  readonly call: Call;
}
