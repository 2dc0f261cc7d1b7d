/** Creates actions from programs: the request demands values that a wrong program does not return and a correct one does. */
import type { Chance } from '../support/chance';
import type { Kind } from './action';
import { drawDemanded, JAVASCRIPT_FORMS, PYTHON_FORMS, writeRequest, type Demanded } from './demanded-values';
import { speakAtOnce } from './fair-answers';

export type Language = 'Python' | 'JavaScript' | 'TypeScript';
type WriteProgram = (demanded: Demanded, chance: Chance) => string;

export interface Program {
  name: string;
  write: WriteProgram;
  isRight?: boolean;
  isEarly?: boolean;
}

/** Some runs request repairs and get the same program again, at most three times. */
const ROUNDS_ONE_IN = 6;

export function toKind(language: Language, { name, write, isRight = false, isEarly = false }: Program): Kind {
  return {
    name: `${language}: ${name}${isRight ? ' (right)' : ''}`,
    isEarly,
    make: (chance) => {
      const demanded = drawDemanded(chance);
      const forms = language === 'Python' ? PYTHON_FORMS : JAVASCRIPT_FORMS;
      const request = writeRequest(language, chance.pick(forms), demanded);
      const program = `\`\`\`${language.toLowerCase()}\n${write(demanded, chance)}\n\`\`\``;
      const swarm = chance.below(ROUNDS_ONE_IN) === 0 ? 'coding-swarm' : 'one-shot';
      return {
        swarm,
        message: request,
        expectation: { verdict: isRight ? 'right' : 'wrong' },
        answer: ({ asked, call }) => {
          if (asked !== 'code') return undefined;
          return speakAtOnce(call < 2 ? program : `I give up (${call}).`);
        },
      };
    },
  };
}
