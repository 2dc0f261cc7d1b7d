/** The state of a turn as shown: a turn that somebody has stopped did not fail. Pure. */
import type { TurnSnapshot } from '../../contract';

export type TurnState = TurnSnapshot['status'] | 'interrupted' | 'cancelled' | 'stopped';

const STOPPED: Partial<Record<string, TurnState>> = {
  INTERRUPTED: 'interrupted',
  CANCELLED: 'cancelled',
  CUT_OFF: 'stopped',
};

/** `interrupted`: stopped for new guidance, and started again. `cancelled`: stopped with its run. `stopped`: its run went on without it. */
export function readTurnState({ status, failure }: Pick<TurnSnapshot, 'status' | 'failure'>): TurnState {
  return (status === 'failed' && failure && STOPPED[failure.code]) || status;
}
