/** What the id of a turn tells: it begins with the names of its stages. Part of the workflow bundle. */

/** Whether a turn is the one that is named, or belongs to the stage that is named. */
export function belongsTo(turn: string, named: string): boolean {
  return turn === named || turn.startsWith(`${named}/`);
}
