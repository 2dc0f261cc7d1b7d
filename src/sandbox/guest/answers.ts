/** Bounds the answers of an engine to the limits of the protocol. */
import type { Discovery, ExecutionPlan, StepOutcome } from './engine';
import { ERROR_LIMIT, MOST_MISSING, NAME_LIMIT, VALUE_LIMIT } from './protocol';
import { shorten } from './shorten';

export function boundPlan({ refused, missing }: ExecutionPlan): ExecutionPlan {
  return {
    ...(refused === undefined ? {} : { refused: shorten(refused, ERROR_LIMIT) }),
    ...(missing ? { missing: missing.slice(0, MOST_MISSING).map((name) => shorten(name, NAME_LIMIT)) } : {}),
  };
}

export function boundOutcome(outcome: StepOutcome): StepOutcome {
  if (outcome.ended) {
    const { value } = outcome;
    if (value === undefined || value.length <= VALUE_LIMIT) return outcome;
    return { ended: true, value: value.slice(0, VALUE_LIMIT), cut: true };
  }
  const { error, lack, left } = outcome;
  return {
    ...outcome,
    error: shorten(error, ERROR_LIMIT),
    ...(lack === undefined ? {} : { lack: shorten(lack, NAME_LIMIT) }),
    ...(left === undefined ? {} : { left: shorten(left, NAME_LIMIT) }),
  };
}

export function boundDiscovery({ tests, more, error }: Discovery): Discovery {
  return {
    tests: tests.map(({ name, main }) => ({ name: shorten(name, NAME_LIMIT), ...(main ? { main } : {}) })),
    more,
    ...(error === undefined ? {} : { error: shorten(error, ERROR_LIMIT) }),
  };
}
