/** What kind of text a turn holds. Pure. */
import type { TurnSnapshot } from '../../contract';

type Placed = Pick<TurnSnapshot, 'turn' | 'place'>;

/** JSON for the run, such as the decision of a judge: no text for people. */
export function isData({ place }: Placed): boolean {
  return place.yields === 'data';
}

/** Whether a turn declares its position in its text, as the voices of a debate do. */
export function declaresPosition({ place }: Placed): boolean {
  return place.step === 'respond';
}

/** Steps whose text is replaced by a later one. */
const DRAFT_STEPS = ['draft', 'plan', 'repair', 'revision'];

/** A draft, a plan or a program that has not become an answer. */
export function isUnchosenDraft({ turn, place }: Placed, answers: readonly string[]): boolean {
  return !answers.includes(turn) && !isData({ turn, place }) && DRAFT_STEPS.includes(place.step);
}
