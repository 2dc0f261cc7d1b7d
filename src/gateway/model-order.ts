/** The order in which a turn tries the models of its alias. */
import { createHash } from 'node:crypto';
import type { Candidate } from './model-fallback';

/** Returns a candidate's name in limits, prices, health and stored state. */
export function nameCandidate({ endpoint, model }: Candidate): string {
  return `${endpoint.name}/${model}`;
}

/** Returns a candidate's name in state shared by workers: a model's health belongs to the address that serves it. */
export function addressCandidate(candidate: Candidate): string {
  return `${nameCandidate(candidate)}@${new URL(candidate.endpoint.baseUrl).host}`;
}

/** Orders by weighted random draw. `seed` names the turn, so that all its attempts draw the same order. The budget model stays last. */
export function orderByWeight(candidates: Candidate[], seed: string): Candidate[] {
  // weighted sampling without replacement: the highest u^(1/w) first (Efraimidis and Spirakis 2006)
  const drawKey = (candidate: Candidate) =>
    uniform(`${seed}\n${nameCandidate(candidate)}`) ** (1 / (candidate.weight ?? 1));
  return sortedBy(candidates, (candidate) => -drawKey(candidate));
}

/** `firstTokenMs` holds the measured times of the candidates, null if not measured. */
export function orderByFirstToken(candidates: Candidate[], firstTokenMs: (number | null)[]): Candidate[] {
  const times = new Map(candidates.map((candidate, i) => [candidate, firstTokenMs[i] ?? 0]));
  return sortedBy(candidates, (candidate) => times.get(candidate) ?? 0);
}

/** Restores a stored order of candidates; candidates added by configuration since then come last. */
export function restoreOrder(candidates: Candidate[], names: string[]): Candidate[] {
  const place = (candidate: Candidate) => names.indexOf(nameCandidate(candidate));
  return sortedBy(candidates, (candidate) => (place(candidate) < 0 ? names.length : place(candidate)));
}

function sortedBy(candidates: Candidate[], rank: (candidate: Candidate) => number): Candidate[] {
  const ranked = candidates.map((candidate) => ({
    candidate,
    rank: candidate.isBudgetModel ? Infinity : rank(candidate),
  }));
  return ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank)).map(({ candidate }) => candidate);
}

/** Returns a pseudo-random number between 0 and 1, both excluded, that is always the same for the same text. */
function uniform(text: string): number {
  return (createHash('sha256').update(text).digest().readUInt32BE() + 0.5) / 2 ** 32;
}
