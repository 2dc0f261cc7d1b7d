/** Ends a child whose program used something that no program needs. No message is sent, so none can be forged. */

import { TAMPERED } from './protocol';

// skips Node's exit handlers and anything that the program left behind
const leave = (process as unknown as { reallyExit(code: number): never }).reallyExit.bind(process);

export function endAsTampered(): never {
  return leave(TAMPERED);
}
