/** The names that refer to a turn. Part of the workflow bundle. */
import type { TurnRequest } from './turns';

type Turn = Pick<TurnRequest, 'turn' | 'place'>;

/** The id of the turn's first try; all tries of an interrupted turn share it. */
export function nameFirstTry({ turn, place }: Turn): string {
  return place.retry_of ?? turn;
}

/** The stages that contain the turn, outermost first. */
export function listStagesAround({ place: { stage } }: Turn): string[] {
  return stage ? [...(stage.within ?? []), stage.id] : [];
}

/** Whether a name is the id of the turn's first try, or of a stage that contains the turn. */
export function isNamed(turn: Turn, name: string): boolean {
  return nameFirstTry(turn) === name || listStagesAround(turn).includes(name);
}

/** Why a role or stage cannot have this name where the ids of its turns end with their round; undefined if it can. */
export function findRoundFault(name: string): string | undefined {
  return /-\d+$/.test(name) ? `"${name}" ends like the number of a round` : undefined;
}
