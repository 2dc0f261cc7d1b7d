/** Responses of a debate's voices, each readable on its own: the voice's label, its opening, and who the letters refer to. Pure. */
import { shuffle } from './shuffle';
import type { DebateRecord, DebateVoice } from '../contract/structures';
import type { TurnResult } from '../contract/turns';

/** The response of the voice whose last turn this is; undefined if there is no such voice, or it has only its opening. */
export function describeVoice(
  turn: string,
  { voices }: DebateRecord,
  turns: readonly TurnResult[],
): string | undefined {
  const voice = voices.find(({ positions }) => positions.length > 1 && positions.at(-1)?.turn === turn);
  if (!voice) return undefined;
  const findText = (id: string | undefined) => turns.find((one) => one.turn === id)?.text ?? '';
  const parts = voice.positions.map(({ round, turn: id }) => {
    const heading = round === 1 ? 'Opening' : `Round ${round}${describeLetters(voice, round, voices, findText)}`;
    return `### ${heading}\n\n${findText(id).trim()}`;
  });
  return [`## ${voice.label}`, ...parts].join('\n\n');
}

/** A voice saw the others under letters, in an order derived from its own previous answer (`patterns/debate.ts`). */
function describeLetters(
  voice: DebateVoice,
  round: number,
  voices: readonly DebateVoice[],
  textOf: (turn: string | undefined) => string,
): string {
  const before = ({ positions }: DebateVoice) => positions.filter((one) => one.round < round).at(-1)?.turn;
  const others = voices.filter((one) => one !== voice && before(one) !== undefined);
  const shown = shuffle(others, `${textOf(before(voice))}${round}`);
  const letters = shown.map(({ label }, i) => `Voice ${String.fromCharCode(65 + i)} is the ${label}`);
  return letters.length > 0 ? ` (${letters.join(', ')})` : '';
}
