// Chooses the free slot for a prompt. Evaluating a prompt on one CPU thread takes far longer than anything else here, so it pays to find
// a slot that already holds the start of the prompt.
import type { Generation } from './generation';
import type { ModelSequence, Token } from './language-model';

/** Evaluating fewer tokens than this costs no more than a copy. */
const LEAST_COPIED = 16;

/** One sequence of the model's context and its current user. */
export interface Slot {
  readonly sequence: ModelSequence;
  generation: Generation | undefined;
  /** Increases with every use, so the smallest value is the least recently used slot. */
  lastUsed: number;
}

/** A chosen slot, and how many leading prompt tokens are already evaluated in it or in the sequence to copy from. */
export interface SlotChoice {
  readonly slot: Slot;
  readonly shared: number;
  readonly from?: ModelSequence;
}

/**
 * Finds the slot that has most of the prompt evaluated. If it is free and would lose little, the prompt goes there. Otherwise the least
 * recently used free slot takes it, with a copy of those tokens. Returns undefined if all slots are busy.
 */
export function chooseSlot(slots: readonly Slot[], prompt: readonly Token[]): SlotChoice | undefined {
  const free = slots.filter((slot) => slot.generation === undefined);
  const [oldest] = free.sort((one, other) => one.lastUsed - other.lastUsed);
  if (oldest === undefined) return undefined;
  // The last prompt token is always evaluated: only an evaluation predicts the next one.
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
