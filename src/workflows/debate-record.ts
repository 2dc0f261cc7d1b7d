/** The record of a debate, computed from the answers without a model. */
import { findMajority } from '../answers/agreement';
import { readPosition } from '../answers/position';
import { repeatedShare } from '../answers/repeated';
import type { DebateRecord, DebateVoice } from '../contract';
import type { Round } from './gather';
import type { Team } from './team';

export type { Round } from './gather';

/** Share of repeated text from which an answer counts as adding nothing new. */
const ECHO = 0.8;

export function makeDebateRecord(
  team: Team,
  roles: string[],
  rounds: Round[],
  agreement: number[],
  { quorum, agree_at }: { quorum: number; agree_at: number },
): DebateRecord {
  const voices = roles.map((role) => describeVoice(team, role, rounds)).filter(({ positions }) => positions.length > 0);
  const majority = findMajority(voices.map(lastStance));
  const heard = rounds[0]?.answers.size ?? 0;
  const agreed = voices.length > 1 && agreement.at(-1)! >= agree_at;
  return {
    rounds: rounds.length,
    agreement,
    agreed,
    majority,
    voices,
    dissent: agreed && majority === null ? [] : voices.filter((one) => differs(one, majority)).map(({ role }) => role),
    missing: rounds.flatMap(({ missing }, i) => missing.map((one) => ({ ...one, round: i + 1 }))),
    quorum: { needed: quorum, heard, met: heard >= quorum },
    only_voice: voices.length === 1 ? voices[0]!.role : null,
  };
}

function describeVoice({ definition }: Team, role: string, rounds: Round[]): DebateVoice {
  const positions = rounds.flatMap(({ answers }, i) => {
    const position = answers.get(role);
    if (!position) return [];
    const earlier = rounds.slice(0, i).flatMap((round) => [...round.answers.values()].map(({ text }) => text));
    const repeated = earlier.length > 0 ? { repeated: repeatedShare(position.text, earlier) } : {};
    return [{ ...readPosition(position.text), round: i + 1, turn: position.turn, model: position.model, ...repeated }];
  });
  const [first, last] = [positions[0]?.stance ?? null, positions.at(-1)?.stance ?? null];
  const changed = first !== null && last !== null && first !== last;
  return { role, label: definition.roles[role]?.label ?? role, positions, changed };
}

const lastStance = ({ positions }: DebateVoice) => positions.at(-1)?.stance ?? null;

/**
 * Without a majority, every known stance counts as different. A voice whose stance could not be read is not a dissenter, because its
 * stance is unknown.
 */
function differs(voice: DebateVoice, majority: string | null): boolean {
  const stance = lastStance(voice);
  return stance !== null && stance !== majority;
}

/** The record as sentences for the judge, so that it need not infer these facts. */
export function writeDebateReport({
  rounds,
  agreement,
  agreed,
  voices,
  missing,
  quorum,
  only_voice,
}: DebateRecord): string {
  return [
    `Rounds: ${rounds}. Agreement after each, 0 to 1: ${agreement.join(', ')}. ${agreed ? 'The voices agree.' : 'The voices do not agree.'}`,
    ...voices.map(({ label, positions, changed }) => {
      const stances = positions.map(({ stance }) => stance ?? 'not declared').join(', then ');
      const echo = (positions.at(-1)?.repeated ?? 0) >= ECHO ? ' Its last words only repeat what was said before.' : '';
      return `${label}: ${stances}.${changed ? ' It changed its mind.' : ''}${echo}`;
    }),
    ...missing.map(({ label, round, message }) => `${label} was not heard in round ${round}: ${message}`),
    ...(quorum.met
      ? []
      : [`Only ${quorum.heard} of the ${quorum.needed} voices that were needed could be heard. Say so.`]),
    ...(only_voice ? ['A single voice was heard, so this was no debate. Say so first.'] : []),
  ].join('\n');
}
