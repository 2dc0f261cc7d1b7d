// Which free slot serves a prompt. Evaluating a prompt on one CPU thread takes far longer than anything else here,
// so a slot that already holds the beginning of the prompt is worth looking for.
import type { Generation } from './generation';
import type { ModelSequence, Token } from './language-model';

/** Below this share of the prompt, a common beginning is chance, and not worth overwriting what the slot keeps. */
const MIN_SHARED_FRACTION = 0.1;

/** One lane of the model's context and who uses it. */
export interface Slot {
  readonly sequence: ModelSequence;
  generation: Generation | undefined;
  /** Counts up with every use, so that the smallest is the longest unused. */
  lastUsed: number;
}

/** A chosen slot and how many leading prompt tokens it already holds. */
export interface SlotChoice {
  readonly slot: Slot;
  readonly shared: number;
}

/** The free slot with the longest common beginning, else the one that was unused for longest; undefined when all are busy. */
export function chooseSlot(slots: readonly Slot[], prompt: readonly Token[]): SlotChoice | undefined {
  // The last prompt token is always evaluated: only an evaluation tells what comes next.
  const mostShared = prompt.length - 1;
  const choices = slots
    .filter((slot) => slot.generation === undefined)
    .map((slot) => ({ slot, shared: Math.min(mostShared, slot.sequence.sharedLength(prompt)) }))
    .sort((one, other) => one.slot.lastUsed - other.slot.lastUsed);
  const best = choices.reduce<SlotChoice | undefined>(
    (found, choice) => (found === undefined || choice.shared > found.shared ? choice : found),
    undefined,
  );
  return best !== undefined && best.shared >= MIN_SHARED_FRACTION * prompt.length ? best : choices[0];
}
