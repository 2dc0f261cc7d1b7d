/** What a session remembers, and how the fast model is asked to put older turns in fewer words. Part of the workflow bundle. */
import { MEMORY_KEEPER, MEMORY_TOO_LONG } from './prompts';
import type { TurnRequest } from './turns';

/** One message of a session. */
export interface SessionMessage {
  role: 'user' | 'assistant';
  content: string;
  run_id: string;
  team_id: string;
  /** Unix epoch, milliseconds. */
  at: number;
}

/** What stands for a session's first `covers` messages. `at` is Unix epoch, milliseconds. */
export interface SessionSummary {
  text: string;
  covers: number;
  at: number;
}

/** What a run sees of its session: what stands for the older messages, '' where nothing does, and the newer ones word by word. */
export interface SessionContext {
  summary: string;
  messages: SessionMessage[];
}

/** Messages that are to be summarised next: those from number `from`, counted from 0, to before number `to`. */
export interface Stretch {
  session_id: string;
  /** Which life of the session this is: one that was deleted and begun again has another. */
  born: string;
  from: number;
  to: number;
  /** What stands for the messages before; '' at first. */
  summary: string;
  messages: Pick<SessionMessage, 'role' | 'content'>[];
  /** How long the new summary may be. */
  max_tokens: number;
  /** How many stretches of the session were too much to be summarised before; none where nothing is said. */
  failed?: number;
}

/** How a run was closed: by which ending, of several the first, and whether its session has outgrown the window since. */
export interface Closing {
  ending: `run.${'completed' | 'failed' | 'cancelled'}`;
  outgrown: boolean;
}

/** Whose memory is kept, and on whose account. */
export interface SummariseInput {
  session_id: string;
  tenant?: string;
}

/** Under this id a summary's turn is listed; it has a stream of its own, so that no run's reader hears it. */
const TEAM = 'memory';

/**
 * The turn that summarises a stretch. The same stretch always asks for the same turn: it is paid once. One that was given up is
 * another when it comes again: its run has been closed.
 */
export function summaryRequest(stretch: Stretch, tenant: string | undefined): TurnRequest {
  const { session_id, born, from, to, summary, messages, max_tokens, failed = 0 } = stretch;
  const said = messages.map(({ role, content }) => `### ${role === 'user' ? 'Asked' : 'Answered'}\n${content}`);
  const before = summary || 'Nothing yet.';
  return {
    run_id: `${TEAM}-${born}-${from}-${to}${failed > 0 ? `~${failed}` : ''}`,
    session_id,
    team_id: TEAM,
    turn: 'summary',
    role: 'memory',
    label: 'Memory',
    definition: { label: 'Memory', alias: 'fast', system: MEMORY_KEEPER, temperature: 0.2, max_tokens },
    messages: [
      { role: 'user', parts: [`# Remembered so far\n${before}\n\n# What was said since\n${said.join('\n\n')}`] },
    ],
    with_context: false,
    options: tenant ? { tenant } : {},
    opening: { swarm_id: TEAM, message: `Messages ${from + 1} to ${to} of the session.` },
  };
}

/** A word takes less than two tokens in most languages, and models write more words than they were told. */
const WORDS_PER_TOKEN = 1 / 2;

/** The same, asked once more, when what came was cut off at the limit. */
export function shorterRequest(stretch: Stretch, tenant: string | undefined): TurnRequest {
  const request = summaryRequest(stretch, tenant);
  const words = Math.ceil(stretch.max_tokens * WORDS_PER_TOKEN);
  return {
    ...request,
    turn: `${request.turn}-2`,
    label: `${request.label}, in fewer words`,
    messages: request.messages.map(({ role, parts }) => ({
      role,
      parts: [...parts, `\n\n${MEMORY_TOO_LONG} ${words}.`],
    })),
  };
}
