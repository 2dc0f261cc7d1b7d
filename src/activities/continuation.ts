/**
 * Joins a continued answer to the text that readers already have.
 *
 * A model that is asked to go on after trailing white space tokenises the joint differently and may repeat it (four spaces of
 * indentation became five, which breaks Python). So the prefix is sent without it, and what is produced again is left out.
 */

/** The text to send as the beginning of the answer. */
export function prefixOf(text: string): string {
  return text.trimEnd();
}

/** Filters the pieces of a continuation: of the white space that `shown` already ends with, only what goes beyond is passed on. */
export function createJoint(shown: string, onText: (text: string) => void): (piece: string) => void {
  const known = shown.slice(prefixOf(shown).length);
  let open = known.length > 0;
  let held = '';
  return (piece) => {
    if (!open) return onText(piece);
    held += piece;
    const words = held.search(/\S/);
    if (words < 0 && held.length <= known.length) return;
    const space = words < 0 ? held : held.slice(0, words);
    const rest = space.startsWith(known) ? held.slice(known.length) : held.slice(space.length);
    // white space alone may still grow into what is known; words close the joint
    if (words < 0 && !space.startsWith(known)) return;
    open = false;
    if (rest) onText(rest);
  };
}
