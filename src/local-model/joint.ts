// Draws the tokens at the joint of a continued text: they have to spell the text that was left out of the prompt again,
// and may go beyond it. Only the part beyond is new.
import type { Candidate, Sampling, Token } from './language-model';

/** More candidates than this are never looked at: a token that far down has no probability worth drawing. */
const MAX_CANDIDATES = 2_000;

/** Whether a token with this text can stand at a joint that still has to spell `rest`. */
export function fitsJoint(tokenText: string, rest: string): boolean {
  return tokenText !== '' && (tokenText.startsWith(rest) || rest.startsWith(tokenText));
}

interface JointChoice {
  readonly candidates: readonly Candidate[];
  readonly rest: string;
  readonly sampling: Sampling;
  detokenize(tokens: readonly Token[]): string;
}

/** Draws one fitting token by its probability (the likeliest when greedy), or undefined when none fits. */
export function drawJointToken({ candidates, rest, sampling, detokenize }: JointChoice): Token | undefined {
  const fitting: Candidate[] = [];
  for (const candidate of candidates.slice(0, MAX_CANDIDATES)) {
    if (!fitsJoint(detokenize([candidate.token]), rest)) continue;
    if (sampling.temperature === 0) return candidate.token;
    fitting.push(candidate);
  }
  return drawByWeight(fitting, sampling);
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
