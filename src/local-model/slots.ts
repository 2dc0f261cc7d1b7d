// Which free slot serves a prompt. Evaluating a prompt on one CPU thread takes far longer than anything else here,
// so a slot that already holds the beginning of the prompt is worth looking for.
import type { Generation } from './generation';
import type { ModelSequence, Token } from './language-model';

/** Evaluating fewer tokens than this costs no more than looking after a copy. */
const LEAST_COPIED = 16;

/** One lane of the model's context and who uses it. */
export interface Slot {
  readonly sequence: ModelSequence;
  generation: Generation | undefined;
  /** Counts up with every use, so that the smallest is the longest unused. */
  lastUsed: number;
}

/** A chosen slot and how many leading prompt tokens are evaluated already, in it or in the sequence that it can copy. */
export interface SlotChoice {
  readonly slot: Slot;
  readonly shared: number;
  readonly from?: ModelSequence;
}

/**
 * Where most of the prompt is evaluated already decides: in a free slot that would lose little by it, the prompt goes there; else the free
 * slot that was unused for longest takes it, with a copy of what another one holds. Undefined when all are busy.
 */
export function chooseSlot(slots: readonly Slot[], prompt: readonly Token[]): SlotChoice | undefined {
  const free = slots.filter((slot) => slot.generation === undefined);
  const [oldest] = free.sort((one, other) => one.lastUsed - other.lastUsed);
  if (oldest === undefined) return undefined;
  // The last prompt token is always evaluated: only an evaluation tells what comes next.
  const sharedBy = ({ sequence }: Slot) => Math.min(prompt.length - 1, sequence.sharedLength(prompt));
  const busy = slots.filter((slot) => slot.generation !== undefined);
  const best = [...free, ...busy]
    .map((slot) => ({ slot, shared: sharedBy(slot) }))
    .reduce((found, choice) => (choice.shared > found.shared ? choice : found));
  const losesLittle = 2 * best.shared >= best.slot.sequence.length;
  if (best.slot === oldest || (best.slot.generation === undefined && losesLittle)) return best;
  if (best.shared < LEAST_COPIED) return { slot: oldest, shared: sharedBy(oldest) };
  return { slot: oldest, shared: best.shared, from: best.slot.sequence };
}
