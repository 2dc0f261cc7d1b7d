// Draws the tokens at the joint of a continued text: they have to spell the text that was left out of the prompt again,
// and may go beyond it. Only the part beyond is new.
import type { Candidate, Sampling, Token } from './language-model';

/** More candidates than this are never looked at: a token that far down has no probability worth drawing. */
const MAX_CANDIDATES = 2_000;

/** What is left to spell at the joint of one answer. */
export interface Joint {
  /** Empty when the joint is passed and all further text is new. */
  readonly rest: string;
  /** Whether `token` may stand here: it covers the rest, or is the token with which the rest begins by itself. */
  fits(token: Token): boolean;
  /** Goes past a fitting token, returns its new text: what reaches beyond the joint. */
  pass(token: Token): string;
  /** Draws one fitting token by its probability (the likeliest when greedy), or undefined when none is likely. */
  draw(candidates: readonly Candidate[], sampling: Sampling): Token | undefined;
  /** Gives up: the rest becomes the tokens that it has by itself. */
  takeRest(): readonly Token[];
}

interface JointModel {
  readonly tokenize: (text: string) => Token[];
  readonly detokenize: (tokens: readonly Token[]) => string;
  readonly isEndOfTurn: (token: Token) => boolean;
}

/** Creates the joint that has to spell `text`; an empty text is a joint passed from the start. */
export function createJoint(text: string, model: JointModel): Joint {
  let rest = text;
  let head = model.tokenize(rest)[0];

  function fits(token: Token): boolean {
    if (model.isEndOfTurn(token)) return false;
    const tokenText = model.detokenize([token]);
    // Any other shorter token would be drawn for what usually follows it, not for the rest: ` d` before ` de`.
    return tokenText.startsWith(rest) || (token === head && rest.startsWith(tokenText));
  }

  return {
    fits,
    get rest() {
      return rest;
    },
    pass(token) {
      const tokenText = model.detokenize([token]);
      const newText = tokenText.slice(rest.length);
      rest = rest.slice(tokenText.length);
      head = model.tokenize(rest)[0];
      return newText;
    },
    draw(candidates, sampling) {
      const likely = candidates.slice(0, MAX_CANDIDATES);
      if (sampling.temperature === 0) return likely.find(({ token }) => fits(token))?.token;
      return drawByWeight(
        likely.filter(({ token }) => fits(token)),
        sampling,
      );
    },
    takeRest() {
      const tokens = model.tokenize(rest);
      rest = '';
      return tokens;
    },
  };
}

function drawByWeight(candidates: readonly Candidate[], { temperature, seed }: Sampling): Token | undefined {
  const best = candidates[0];
  if (best === undefined) return undefined;
  const weights = candidates.map(({ logit }) => Math.exp((logit - best.logit) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = fractionOf(seed) * total;
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return (candidates[index] ?? best).token;
}

/** One draw of mulberry32: a fraction in [0, 1) that depends on nothing but the seed. */
function fractionOf(seed: number): number {
  let mixed = (seed + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
