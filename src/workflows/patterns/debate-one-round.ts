/** optimistic, cautious, balanced at once -> summary: what a debate was before it had rounds, for runs that began so */
import type { TurnResult } from '../../contract';
import { textOf } from '../message';
import { noneLeft } from '../none-left';
import { user, type Team } from '../team';

const VOICES = ['optimistic', 'cautious', 'balanced'];

/** Three voices answer in parallel on their own models; a moderator sums up. A voice that fails is named, and the debate goes on. */
export async function debateOneRound(team: Team): Promise<string[]> {
  const task = user(...team.task);
  const heard = await Promise.all(
    VOICES.map((voice) => team.trySpeak(voice, { turn: voice, messages: [task], withContext: true })),
  );
  const voices = heard.filter((turn): turn is TurnResult => turn !== undefined);
  if (voices.length === 0) throw noneLeft(team.result([]).failures, 'No voice could be heard.');
  const missing = VOICES.filter((_, i) => !heard[i]);
  const summary = await team.speak('moderator', {
    turn: 'summary',
    messages: [
      user(
        '# Question\n',
        ...team.task,
        ...voices.flatMap((voice) => [`\n\n# ${voice.label}\n`, textOf(voice)]),
        missing.length > 0 ? `\n\nNot heard, because their models failed: ${missing.join(', ')}. Say so.` : '',
        team.closing ? `\n\n${team.closing}` : '',
      ),
    ],
  });
  return [...voices.map(({ turn }) => turn), summary.turn];
}
