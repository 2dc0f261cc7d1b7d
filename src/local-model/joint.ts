// Draws the tokens at the joint of a continued text: they must reproduce the text that was left out of the prompt, and may extend
// beyond it. Only the part beyond it is new.
import type { TokenCandidate, Sampling, Token } from './language-model';

/** Maximum number of candidates inspected: lower-ranked tokens have no probability worth drawing. */
const MAX_CANDIDATES = 2_000;

/** The text still to reproduce at the joint of one answer. */
export interface Joint {
  /** Empty when the joint is passed and all further text is new. */
  readonly rest: string;
  /** Whether `token` may stand here: it covers the rest, or is the first token of the rest's own tokenization. */
  fits(token: Token): boolean;
  /** Moves past a fitting token; returns its new text, the part beyond the joint. */
  pass(token: Token): string;
  /** Draws one fitting token by its probability (the most likely one if greedy), or undefined if none is likely. */
  draw(candidates: readonly TokenCandidate[], sampling: Sampling): Token | undefined;
  /** Gives up drawing: returns the rest's own tokenization. */
  takeRest(): readonly Token[];
}

interface JointModel {
  readonly tokenize: (text: string) => Token[];
  readonly detokenize: (tokens: readonly Token[]) => string;
  readonly isEndOfTurn: (token: Token) => boolean;
}

/** Creates the joint that must reproduce `text`; with an empty text, the joint is already passed. */
export function createOverlap(text: string, model: JointModel): Joint {
  let rest = text;
  let head = model.tokenize(rest)[0];

  function fits(token: Token): boolean {
    if (model.isEndOfTurn(token)) return false;
    const tokenText = model.detokenize([token]);
    // Any other shorter token would be drawn because of what usually follows it, not because of the rest: ` d` before ` de`.
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

function drawByWeight(candidates: readonly TokenCandidate[], { temperature, seed }: Sampling): Token | undefined {
  const best = candidates[0];
  if (best === undefined) return undefined;
  const weights = candidates.map(({ logit }) => Math.exp((logit - best.logit) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = toFraction(seed) * total;
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return (candidates[index] ?? best).token;
}

/** One draw of mulberry32: a fraction in [0, 1) that depends only on the seed. */
function toFraction(seed: number): number {
  let mixed = (seed + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
