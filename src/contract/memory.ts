/** Session memory, and the requests to the fast model that summarise older messages. Part of the workflow bundle. */
import { MEMORY_KEEPER, MEMORY_TOO_LONG } from './prompts';
import type { SessionMessage } from './session';
import type { TurnRequest } from './turns';

/** The session context of a run: a summary of older messages, '' if there is none, and the newer messages in full. */
export interface SessionContext {
  summary: string;
  messages: SessionMessage[];
}

/** The next messages to summarise: numbers `from` (counted from 0) up to, not including, `to`. */
export interface MessageRange {
  session_id: string;
  /** Identifies this instance of the session: a session that was deleted and recreated has a new value. */
  born: string;
  from: number;
  to: number;
  /** The summary of the messages before the range; '' if there is none yet. */
  summary: string;
  messages: Pick<SessionMessage, 'role' | 'content'>[];
  /** Token limit of the new summary. */
  max_tokens: number;
  /** How many ranges of the session were given up because their summaries were cut off; absent means 0. */
  failed?: number;
}

/** How a run was closed: the ending that was written first, and whether its session now exceeds the window. */
export interface Closing {
  ending: `run.${'completed' | 'failed' | 'cancelled'}`;
  outgrown: boolean;
}

/** The session to summarise, and the account that pays. */
export interface SummariseInput {
  session_id: string;
  tenant?: string;
}

/** Team id of summaries. A summary has its own stream, so that readers of runs do not receive it. */
const TEAM = 'memory';

const SUMMARY_ID = new RegExp(`^${TEAM}-[\\da-f-]{36}-\\d+-\\d+(?:~\\d+)?$`);

/** Whether an id names the stream of a summary, not of a run. */
export function isSummaryId(id: string): boolean {
  return SUMMARY_ID.test(id);
}

/**
 * The request of the turn that summarises a range. The same range always gets the same turn id, so it is paid once. After a range was
 * given up, the next try gets a new run id, because the earlier run is closed.
 */
export function summaryRequest(range: MessageRange, tenant: string | undefined): TurnRequest {
  const { session_id, born, from, to, summary, messages, max_tokens, failed = 0 } = range;
  const transcript = messages.map(({ role, content }) => `### ${role === 'user' ? 'Asked' : 'Answered'}\n${content}`);
  const before = summary || 'Nothing yet.';
  return {
    run_id: `${TEAM}-${born}-${from}-${to}${failed > 0 ? `~${failed}` : ''}`,
    session_id,
    team_id: TEAM,
    turn: 'summary',
    role: 'memory',
    label: 'Memory',
    place: { stage: null, step: 'summary', try: 1 },
    definition: { alias: 'fast', system: MEMORY_KEEPER, temperature: 0.2, max_tokens },
    messages: [
      { role: 'user', parts: [`# Remembered so far\n${before}\n\n# What was said since\n${transcript.join('\n\n')}`] },
    ],
    with_context: false,
    options: tenant ? { tenant } : {},
    opening: { swarm_id: TEAM, message: `Messages ${from + 1} to ${to} of the session.` },
  };
}

/** Conservative: a word takes less than two tokens in most languages, and models exceed a requested number of words. */
const WORDS_PER_TOKEN = 1 / 2;

/** The request for a shorter summary, after the first was cut off at the limit. */
export function shorterRequest(range: MessageRange, tenant: string | undefined): TurnRequest {
  const request = summaryRequest(range, tenant);
  const words = Math.ceil(range.max_tokens * WORDS_PER_TOKEN);
  return {
    ...request,
    turn: `${request.turn}-2`,
    label: `${request.label}, in fewer words`,
    place: { ...request.place, round: 2 },
    messages: request.messages.map(({ role, parts }) => ({
      role,
      parts: [...parts, `\n\n${MEMORY_TOO_LONG} ${words}.`],
    })),
  };
}
