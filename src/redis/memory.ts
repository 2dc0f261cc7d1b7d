/** What a session remembers: the conversation over all its runs, within a token window and a time to live. */
import type { RedisConnection } from './connect';
import { contextKey, sessionKey, sessionRunsKey } from './keys';

/** One message of a session. */
export interface SessionMessage {
  role: 'user' | 'assistant';
  content: string;
  run_id: string;
  team_id: string;
  /** Unix epoch, milliseconds. */
  at: number;
}

export interface MemoryOptions {
  /** How much of a conversation a run sees, in estimated tokens. */
  windowTokens: number;
  /** How long a session is kept after its last message, seconds. */
  ttlSeconds: number;
}

export interface Memory {
  /** Adds a run's messages to its session, once for each run however often it is called. */
  storeConversation(sessionId: string, runId: string, messages: SessionMessage[]): Promise<void>;
  /** The newest messages of the session that fit the token window, oldest first; see {@link newestWithin}. */
  getContext(sessionId: string): Promise<SessionMessage[]>;
  /** The context as it was when the run first asked, however often it asks: an attempt that is repeated sees the same words. */
  contextOfRun(sessionId: string, runId: string): Promise<SessionMessage[]>;
  /** Everything that is kept of a session, and the seconds that it still has; undefined when there is none. */
  readSession(sessionId: string): Promise<{ messages: SessionMessage[]; expiresInSeconds: number } | undefined>;
}

/** Messages that a session keeps at most; older ones fall out. */
const KEPT_MESSAGES = 1000;
const CHARACTERS_PER_TOKEN = 4;
/** As long as the records of a run that never closes. Seconds. */
const CONTEXT_TTL = 7 * 24 * 3600;

/** A rough count that needs no tokenizer: about right for English prose, high for other scripts in UTF-8 terms. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export function createMemory(redis: RedisConnection, { windowTokens, ttlSeconds }: MemoryOptions): Memory {
  const memory: Memory = {
    async storeConversation(sessionId, runId, messages) {
      const lines = messages.map((message) => JSON.stringify(message));
      await redis.storeConversation(
        sessionKey(sessionId),
        sessionRunsKey(sessionId),
        runId,
        ttlSeconds,
        KEPT_MESSAGES,
        ...lines,
      );
    },

    async getContext(sessionId) {
      return newestWithin(parseAll(await redis.lrange(sessionKey(sessionId), 0, -1)), windowTokens);
    },

    async contextOfRun(sessionId, runId) {
      const kept = await redis.get(contextKey(runId));
      if (kept) return JSON.parse(kept) as SessionMessage[];
      const context = await memory.getContext(sessionId);
      // of several turns that ask at once the first decides, also where there is nothing to see
      const first = await redis.set(contextKey(runId), JSON.stringify(context), 'EX', CONTEXT_TTL, 'NX');
      return first ? context : memory.contextOfRun(sessionId, runId);
    },

    async readSession(sessionId) {
      const key = sessionKey(sessionId);
      const [lines, expiresInSeconds] = await Promise.all([redis.lrange(key, 0, -1), redis.ttl(key)]);
      return lines.length === 0 ? undefined : { messages: parseAll(lines), expiresInSeconds };
    },
  };
  return memory;
}

function parseAll(lines: string[]): SessionMessage[] {
  return lines.map((line) => JSON.parse(line) as SessionMessage);
}

/**
 * The longest tail of a conversation within so many tokens. It never begins with an answer whose question fell out, and a
 * message that alone would take more than half of the window is cut in its middle, so that the newest exchange always fits.
 */
export function newestWithin(messages: SessionMessage[], windowTokens: number): SessionMessage[] {
  const clipped = messages.map((message) => ({
    ...message,
    content: clip(message.content, Math.floor(windowTokens / 2)),
  }));
  let tokens = 0;
  let first = clipped.length;
  for (let i = clipped.length - 1; i >= 0; i--) {
    tokens += estimateTokens(clipped[i]?.content ?? '');
    if (tokens > windowTokens) break;
    if (clipped[i]?.role === 'user') first = i;
  }
  return clipped.slice(first);
}

const CUT = '\n[…]\n';

function clip(text: string, tokens: number): string {
  if (estimateTokens(text) <= tokens) return text;
  const half = Math.floor((tokens * CHARACTERS_PER_TOKEN - CUT.length) / 2);
  // a cut inside a surrogate pair would leave half a character, which not every gateway takes
  return text.slice(0, half).replace(/[\uD800-\uDBFF]$/, '') + CUT + text.slice(-half).replace(/^[\uDC00-\uDFFF]/, '');
}
