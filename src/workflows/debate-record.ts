/** What a debate came to, measured from what was said: no model has a word in it. */
import { majorityOf, type ReadPosition } from '../contract/agreement';
import { repeatedShare } from '../contract/repeated';
import type { DebateRecord, DebateVoice } from '../contract';
import type { Round } from './gather';
import type { Team } from './team';

export type { Round } from './gather';

/** Of what a voice says, the share that was said before, from which it adds nothing. */
const ECHO = 0.8;

export function recordOf(
  team: Team,
  roles: string[],
  rounds: Round[],
  agreement: number[],
  { quorum, agree_at, read }: { quorum: number; agree_at: number; read: ReadPosition },
): DebateRecord {
  const voices = roles.map((role) => voiceOf(team, role, rounds, read)).filter(({ positions }) => positions.length > 0);
  const majority = majorityOf(voices.map(lastStance));
  const heard = rounds[0]?.heard.size ?? 0;
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

function voiceOf({ definition }: Team, role: string, rounds: Round[], read: ReadPosition): DebateVoice {
  const positions = rounds.flatMap(({ heard }, i) => {
    const said = heard.get(role);
    if (!said) return [];
    const earlier = rounds.slice(0, i).flatMap((round) => [...round.heard.values()].map(({ text }) => text));
    const repeated = earlier.length > 0 ? { repeated: repeatedShare(said.text, earlier) } : {};
    return [{ ...read(said.text), round: i + 1, turn: said.turn, model: said.model, ...repeated }];
  });
  const [first, last] = [positions[0]?.stance ?? null, positions.at(-1)?.stance ?? null];
  const changed = first !== null && last !== null && first !== last;
  return { role, label: definition.roles[role]?.label ?? role, positions, changed };
}

const lastStance = ({ positions }: DebateVoice) => positions.at(-1)?.stance ?? null;

/**
 * Without a majority every stance differs from it. A voice whose stance could not be read is not counted as a dissenter: nothing is
 * known of it.
 */
function differs(voice: DebateVoice, majority: string | null): boolean {
  const stance = lastStance(voice);
  return stance !== null && stance !== majority;
}

/** The record in sentences, for the judge: facts that need no guessing. */
export function reportOf({ rounds, agreement, agreed, voices, missing, quorum, only_voice }: DebateRecord): string {
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
