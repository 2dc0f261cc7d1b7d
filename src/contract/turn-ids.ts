/** What the id of a turn tells: it begins with the names of its stages. Part of the workflow bundle. */

/** Whether a turn is the one that is named, or belongs to the stage that is named; which try it is does not matter. */
export function belongsTo(turn: string, named: string): boolean {
  return withoutTry(turn) === withoutTry(named) || turn.startsWith(`${named}/`);
}

/** The name under which a turn was asked first: stopped for guidance, it begins again as `name~2`. */
export function withoutTry(turn: string): string {
  return turn.replace(/~\d+$/, '');
}
