/** Folds what a run asks people, and what they decide. Pure. */
import type { RunEvent } from './events';

/** A question to a person, and what they said. */
export interface GateSnapshot {
  gate: string;
  question: string;
  /** The turn that is to be judged, where there is one. */
  about: string | null;
  opened_at: number;
  status: 'open' | 'approved' | 'rejected';
  reason?: string;
  resolved_at?: number;
}

export type GateEvent = Extract<RunEvent, { gate: string }>;

/** A new list where something changes, with a new entry: like a check, a gate is compared by identity. */
export function foldGate(gates: GateSnapshot[], event: GateEvent): GateSnapshot[] {
  const known = gates.find(({ gate }) => gate === event.gate);
  if (event.type === 'gate.opened') {
    const { gate, question, about, at } = event;
    return known ? gates : [...gates, { gate, question, about, opened_at: at, status: 'open' }];
  }
  if (known?.status !== 'open') return gates;
  const { decision: status, reason, at: resolved_at } = event;
  return gates.map((gate) => (gate === known ? { ...known, status, reason, resolved_at } : gate));
}
