// @ts-check
// What may follow `npm start --`.

import { parseArgs } from 'node:util';

const DEFAULT_SWARM = 'coding-swarm';

export const USAGE = `Usage:
  npm start                                start the service and keep it running
  npm start -- "task" [options]            run one task with live text, then leave

Options:
  --swarm <id>      the swarm that takes the task (${DEFAULT_SWARM})
  --session <id>    continue a conversation
  --help            this text

Settings come from the environment and from .env: PORT, HOST, DATA_DIR, REDIS_URL, TEMPORAL_ADDRESS,
GATEWAY_URL, PORTKEY_API_KEY, OPENROUTER_API_KEY and others; see README.md.

Exit codes with a task: 0 completed, 1 failed, 2 wrong usage, 130 interrupted.`;

/** @typedef {{message: string, swarm: string, session: string | undefined}} Task */

/**
 * @param {string[]} args
 * @returns {{task?: Task, help?: boolean, mistake?: string}}
 */
export function readCommandLine(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { swarm: { type: 'string' }, session: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return { help: true };
    const message = positionals.join(' ').trim();
    if (message) return { task: { message, swarm: values.swarm ?? DEFAULT_SWARM, session: values.session } };
    const wantsTask = positionals.length > 0 || values.swarm !== undefined || values.session !== undefined;
    return wantsTask ? { mistake: 'The task text is missing.' } : {};
  } catch (error) {
    return { mistake: error instanceof Error ? (error.message.split('. To ')[0] ?? '') : String(error) };
  }
}
