/** The command line of `npm start --`. */
import { parseArgs } from 'node:util';

const DEFAULT_SWARM = 'coding-swarm';

export const USAGE = `Usage:
  npm start                                start the service and keep it running
  npm start -- "task" [options]            run one task with live text, then leave

Options:
  --swarm <id>      the swarm that takes the task (${DEFAULT_SWARM})
  --session <id>    continue a conversation
  --watch           without a task: build and restart when a source changes (\`npm run dev\`)
  --help            this text

Settings come from the environment and from .env: PORT, HOST, DATA_DIR, REDIS_URL, TEMPORAL_ADDRESS,
GATEWAY_URL, PORTKEY_API_KEY, OPENROUTER_API_KEY and others; see .env.example.

Exit codes with a task: 0 completed, 1 failed, 2 wrong usage, 3 answered but checks of the code failed,
130 interrupted.`;

export interface Task {
  message: string;
  swarm: string;
  session: string | undefined;
}

export type Command = { task: Task } | { watch: boolean } | { help: true } | { mistake: string };

export function readCommandLine(args: string[]): Command {
  try {
    return readOptions(args);
  } catch (error) {
    return { mistake: error instanceof Error ? (error.message.split('. To ')[0] ?? '') : String(error) };
  }
}

function readOptions(args: string[]): Command {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      swarm: { type: 'string' },
      session: { type: 'string' },
      watch: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { help, session, swarm = DEFAULT_SWARM, watch } = values;
  const message = positionals.join(' ').trim();
  if (help) return { help: true };
  if (message && watch) return { mistake: '--watch takes no task.' };
  if (message) return { task: { message, swarm, session } };
  const wantsTask = positionals.length > 0 || values.swarm !== undefined || session !== undefined;
  return wantsTask ? { mistake: 'The task text is missing.' } : { watch };
}
