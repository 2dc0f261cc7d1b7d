/**
 * `npm test`: prepares what the suites need (build, server programs, both models, a browser) and runs jest, whose global set-up starts
 * the servers. Without arguments it runs the groups of suites (see test/groups.cjs) one after another. Arguments are passed to jest, and
 * the suites then run one after another. `--prepare-only` stops before jest.
 */
import { constants } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { listenForInterruption } from '../../../bootstrap/interruption.cjs';
import { readEnvironment } from '../../dev-stack/environment';
import { prepare, type Parts } from '../../dev-stack/prepare';
import { createProgress } from '../../dev-stack/progress';
import { defineProgram, EXIT } from '../define-program';

const PREPARE_ONLY = '--prepare-only';
const GROUPS = ['unit', 'servers', 'alone'];

export const main = defineProgram(async ({ root, args }) => {
  const interruption = listenForInterruption();
  let parts;
  try {
    const context = { progress: createProgress(), signal: interruption.signal };
    const wanted = { redis: true, temporal: true, models: true, chromium: true };
    parts = await prepare(readEnvironment(root), context, wanted);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    return EXIT.interrupted;
  } finally {
    interruption.close();
  }
  if (args.includes(PREPARE_ONLY)) return EXIT.completed;
  const env = nameParts(parts);
  return args.length ? runJest(root, args, env) : runGroups(root, env);
});

function nameParts({ redis = '', temporal = '', models = [], chromium = '' }: Parts): Record<string, string> {
  return {
    TEMPORAL_BIN: temporal,
    REDIS_BIN: redis,
    CHROMIUM_BIN: chromium,
    MURMURATION_MODELS: models.map(({ id, path }) => `${id}=${path}`).join(','),
  };
}

/** Runs all groups, even after one has failed. Resolves to the exit code of the first group that failed, or 0. */
async function runGroups(root: string, env: Record<string, string>): Promise<number> {
  let interrupted = false;
  const note = () => (interrupted = true);
  process.on('SIGINT', note).on('SIGTERM', note).on('SIGHUP', note);
  let failure = 0;
  for (const group of GROUPS) {
    process.stdout.write(`\nSuites of the group ${group}\n`);
    const code = await runJest(root, [], { ...env, TEST_GROUP: group });
    failure ||= code;
    if (interrupted) return failure || EXIT.interrupted;
  }
  return failure;
}

/** Resolves to the exit code. */
async function runJest(root: string, args: string[], env: Record<string, string>): Promise<number> {
  const jest = execa(join(root, 'node_modules', '.bin', 'jest'), args, {
    ...{ cwd: root, env, stdio: 'inherit', reject: false, forceKillAfterDelay: false },
  });
  // Ctrl-C reaches jest directly, which then cleans up; this process must not exit before jest does.
  const ignore = () => undefined;
  const passOn = (name: NodeJS.Signals) => void jest.kill(name);
  process.on('SIGINT', ignore).on('SIGTERM', passOn).on('SIGHUP', passOn);
  const { exitCode, signal, originalMessage } = await jest;
  process.off('SIGINT', ignore).off('SIGTERM', passOn).off('SIGHUP', passOn);
  if (exitCode === undefined && !signal) throw new Error(`jest did not start: ${originalMessage}`);
  return exitCode ?? 128 + constants.signals[signal ?? 'SIGTERM'];
}
