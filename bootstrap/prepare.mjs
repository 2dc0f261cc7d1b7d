// @ts-check
// Gets everything onto this machine that a start or a test run needs. What does not depend on each other runs side by
// side; the first failure calls the rest off.

import { build } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { CalledOff } from './failure.mjs';
import { installPackages } from './install.mjs';
import { ensureModels } from './models.mjs';
import { ensureRedisProgram } from './redis.mjs';
import { ensureTemporalProgram } from './temporal.mjs';

/** @typedef {{progress: import('./progress.mjs').Progress, signal: AbortSignal}} Context */

/**
 * What was asked for; the rest is absent.
 * @typedef {object} Parts
 * @property {string} [redis] path of the server program
 * @property {string} [temporal] path of the server program
 * @property {{id: string, path: string}[]} [models]
 * @property {string} [chromium] path of the browser
 */

/**
 * Installs and builds, and provides what is wanted beside that.
 * @param {import('./environment.mjs').Environment} place
 * @param {Context} context
 * @param {{redis: boolean, temporal: boolean, models: boolean, chromium?: boolean}} wanted
 * @returns {Promise<Parts>}
 */
export async function prepare(place, { progress, signal }, wanted) {
  const failed = new AbortController();
  const context = { progress, signal: AbortSignal.any([signal, failed.signal]) };
  /** @type {Parts} */
  const parts = {};
  const work = [
    installPackages(place, context).then(() => build(place, context)),
    wanted.redis && ensureRedisProgram(context).then((path) => (parts.redis = path)),
    wanted.temporal && ensureTemporalProgram(place, context).then((path) => (parts.temporal = path)),
    wanted.models && ensureModels(place, context).then((models) => (parts.models = models)),
    wanted.chromium && ensureChromium(context).then((path) => (parts.chromium = path)),
  ];
  /** @type {unknown[]} */
  const failures = [];
  const noteFailure = (/** @type {unknown} */ error) => {
    failures.push(error);
    failed.abort();
  };
  await Promise.all(work.map((one) => Promise.resolve(one).catch(noteFailure)));
  if (signal.aborted) throw new CalledOff();
  if (failures.length) throw failures[0];
  return parts;
}
