/** A hostile action as data and code, generated from a seed: the same number of the same class always yields the same action. */
import { createChance, type Chance } from '../support/chance';
import type { Reply } from '../support/scripted-gateway';
import type { Prompt } from './prompt';
import type { Site } from './site';

/** The expected verdict about a hostile run; a run without an expectation only has to end. */
export type Expectation =
  /** Its program does not satisfy the examples. */
  | { verdict: 'wrong' }
  /** Its program satisfies them: the control for the wrong ones. */
  | { verdict: 'right' }
  /** Its reviewers say REVISE. */
  | { review: 'revise' }
  /** Its reviewers say PASS: the control. */
  | { review: 'pass' }
  /** The stance that each voice of a debate declares. */
  | { stances: Record<string, string> };

/** A run that is started with a hostile message, or answered by a hostile model. */
export interface RunAction {
  route?: Route;
  swarm: string;
  message: string;
  /** Additional fields of the request. */
  more?: object;
  expectation?: Expectation;
  answer?: (prompt: Prompt) => Reply | undefined;
}
export type Route = 'execute' | 'stream' | 'coordinate' | 'multi' | 'teams' | 'chat' | 'mcp' | 'socket';

/** Raw bytes on the connection instead of a run. */
interface WireAction {
  attack: (site: Site) => Promise<void>;
}

export type Action = RunAction | WireAction;

/** One kind of action; `make` draws the random parts. */
export interface Kind {
  name: string;
  /** Comes before the others in each pass: actions that are known to have done harm, or that prove that the suite detects something. */
  isEarly?: boolean;
  make: (chance: Chance) => Action;
}

export interface PlannedAction {
  /** `<class>:<number>`, the format of `HOSTILE_ONLY`. */
  id: string;
  name: string;
  action: Action;
}

/** The action with that number. In each pass every kind occurs once, early ones first, in an order drawn from the seed. */
export function planAction(seed: number, className: string, kinds: readonly Kind[], number: number): PlannedAction {
  const pass = Math.floor(number / kinds.length);
  const shuffled = shuffleNumbers(kinds.length, createChance(hashText(`${seed}/${className}/order/${pass}`)));
  const order = shuffled.sort((a, b) => Number(kinds[b]!.isEarly ?? false) - Number(kinds[a]!.isEarly ?? false));
  const kind = kinds[order[number % kinds.length]!]!;
  const chance = createChance(hashText(`${seed}/${className}/${number}`));
  return { id: `${className}:${number}`, name: kind.name, action: kind.make(chance) };
}

function shuffleNumbers(count: number, chance: Chance): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = chance.below(i + 1);
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers;
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}
