/**
 * Installs and builds everything that a start or a test run needs on this machine. Independent parts run in parallel; the first failure
 * stops the rest.
 */
import { buildProduct } from './build';
import type { Environment } from './environment';
import { ensureModels, type LocalModel } from './models';
import type { Context } from './progress';
import { ensureChromium, ensureRedisProgram } from './packaged-programs';
import { ensureTemporalProgram } from './temporal-program';

/** The requested parts; the others are absent. */
export interface Parts {
  /** Path of the server program. */
  redis?: string;
  /** Path of the server program. */
  temporal?: string;
  models?: LocalModel[];
  /** Path of the browser. */
  chromium?: string;
}

/** Builds the product, and provides the requested parts. */
export async function prepare(
  environment: Environment,
  { progress, signal }: Context,
  wanted: Partial<Record<keyof Parts, boolean>>,
): Promise<Parts> {
  const failed = new AbortController();
  const context = { progress, signal: AbortSignal.any([signal, failed.signal]) };
  const parts: Parts = {};
  const work = [
    buildProduct(environment, context),
    wanted.redis && ensureRedisProgram(context).then((path) => (parts.redis = path)),
    wanted.temporal && ensureTemporalProgram(environment, context).then((path) => (parts.temporal = path)),
    wanted.models && ensureModels(environment, context).then((models) => (parts.models = models)),
    wanted.chromium && ensureChromium(context).then((path) => (parts.chromium = path)),
  ];
  const failures: unknown[] = [];
  const noteFailure = (error: unknown) => {
    failures.push(error);
    failed.abort();
  };
  await Promise.all(work.map((one) => Promise.resolve(one).catch(noteFailure)));
  signal.throwIfAborted();
  if (failures.length) throw failures[0];
  return parts;
}
