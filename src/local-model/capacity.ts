// Chooses how many answers are written concurrently and how long their contexts are, by the memory of the machine.

/** Slots of each model, and tokens of each slot. */
export interface Capacity {
  readonly slots: number;
  readonly context: number;
}

/** From the most to the least. Fewer slots come before a shorter context: an answer that waits is late, a prompt that does not fit fails. */
const CHOICES: readonly Capacity[] = [
  { slots: 4, context: 8192 },
  { slots: 3, context: 8192 },
  { slots: 2, context: 8192 },
  { slots: 1, context: 8192 },
  { slots: 1, context: 4096 },
  { slots: 1, context: 2048 },
];
/** The part of the available memory that contexts may take. The weights take more, but the system can drop them, because they are files. */
const SHARE = 1 / 8;

/**
 * Returns the most that fits, or the least of all. `set` holds what the command line decides. `estimateBytes` returns the memory of all
 * contexts.
 */
export async function chooseCapacity(
  set: Partial<Capacity>,
  availableBytes: number,
  estimateBytes: (capacity: Capacity) => Promise<number>,
): Promise<Capacity> {
  const choices = CHOICES.map((choice) => ({ ...choice, ...set }));
  for (const choice of choices) if ((await estimateBytes(choice)) <= availableBytes * SHARE) return choice;
  return choices[choices.length - 1]!;
}
