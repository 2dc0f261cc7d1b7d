/** The text by which the gateway recognises the run of a call: it is in the message of a run, and therefore in its prompts. */

export interface Marker {
  side: 'innocent' | 'hostile';
  /** The class of a hostile action, or the kind of an innocent run. */
  kind: string;
  number: number;
}

export function writeMarker({ side, kind, number }: Marker): string {
  return `${side}:${kind}:${number}`;
}

/** The first marker in a text. */
export function findMarker(text: string): Marker | undefined {
  const [, side, kind = '', number] = /\b(innocent|hostile):([a-z]+):(\d{1,9})\b/.exec(text) ?? [];
  return side === undefined ? undefined : { side: side as Marker['side'], kind, number: Number(number) };
}
