/** In which order a turn tries the models of its alias. */
import { createHash } from 'node:crypto';
import type { Candidate } from './route';

/**
 * `fallback`: as configured. `load-balance`: by lot, according to weight. `fastest-first`: by the measured time to the first
 * token, those that nobody has measured lately before all others.
 */
export type Strategy = 'fallback' | 'load-balance' | 'fastest-first';

/** What names a candidate in limits, prices, health and notes. */
export function nameOf({ endpoint, model }: Candidate): string {
  return `${endpoint.name}/${model}`;
}

/** What names a candidate in what workers share: the health of a model belongs to the address at which it is served. */
export function addressOf(candidate: Candidate): string {
  return `${nameOf(candidate)}@${new URL(candidate.endpoint.baseUrl).host}`;
}

/** Draws lots: `seed` names the turn, so that all its attempts draw the same. The economy model stays behind. */
export function byLot(candidates: Candidate[], seed: string): Candidate[] {
  // weighted sampling without replacement: the highest u^(1/w) first (Efraimidis and Spirakis 2006)
  const keyOf = (candidate: Candidate) => uniform(`${seed}\n${nameOf(candidate)}`) ** (1 / (candidate.weight ?? 1));
  return sortedBy(candidates, (candidate) => -keyOf(candidate));
}

/** `firstTokenMs` are the measured times of the candidates, null where there is none. */
export function byPace(candidates: Candidate[], firstTokenMs: (number | null)[]): Candidate[] {
  const times = new Map(candidates.map((candidate, i) => [candidate, firstTokenMs[i] ?? 0]));
  return sortedBy(candidates, (candidate) => times.get(candidate) ?? 0);
}

/** Puts candidates back into an order that was noted; what configuration has added since comes last. */
export function asNoted(candidates: Candidate[], names: string[]): Candidate[] {
  const place = (candidate: Candidate) => names.indexOf(nameOf(candidate));
  return sortedBy(candidates, (candidate) => (place(candidate) < 0 ? names.length : place(candidate)));
}

function sortedBy(candidates: Candidate[], rank: (candidate: Candidate) => number): Candidate[] {
  const ranked = candidates.map((candidate) => ({ candidate, rank: candidate.economy ? Infinity : rank(candidate) }));
  return ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank)).map(({ candidate }) => candidate);
}

/** A number above 0 and below 1 that looks random and is the same for the same text. */
function uniform(text: string): number {
  return (createHash('sha256').update(text).digest().readUInt32BE() + 0.5) / 2 ** 32;
}
