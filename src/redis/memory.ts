/** What a session remembers: the conversation over all its runs, a summary of its older part, and a time to live. */
import { randomUUID } from 'node:crypto';
import type { SessionContext, SessionMessage, SessionSummary, Stretch } from '../contract';
import type { RedisConnection } from './connect';
import { contextKey, sessionKey, sessionMemoryKey, sessionRunsKey } from './keys';
import { contextWithin, dueForSummary, summaryTokens } from './window';

export interface MemoryOptions {
  /** How much of a conversation a run sees, in estimated tokens. */
  windowTokens: number;
  /** How long a session is kept after its last message, seconds. */
  ttlSeconds: number;
}

/** Everything that is kept of a session. */
export interface Session {
  messages: SessionMessage[];
  summary: SessionSummary | undefined;
  /** How many of the session's messages are no longer kept. */
  dropped: number;
  expiresInSeconds: number;
}

export interface Memory {
  /** Adds a run's messages to its session, once for each run however often it is called. */
  storeConversation(sessionId: string, runId: string, messages: SessionMessage[]): Promise<void>;
  /** What the next run would see: the summary of the older messages, and of those after it the newest that fit the window. */
  getContext(sessionId: string): Promise<SessionContext>;
  /** The context as it was when the run first asked, however often it asks: an attempt that is repeated sees the same words. */
  contextOfRun(sessionId: string, runId: string): Promise<SessionContext>;
  /** Undefined when there is no such session. */
  readSession(sessionId: string): Promise<Session | undefined>;
  /** The messages that are to be summarised next; undefined while what is not summarised fits the window. */
  nextStretch(sessionId: string): Promise<Stretch | undefined>;
  /** Keeps a stretch's summary, unless another covers it already or the session is not the same any more; false then. */
  storeSummary(stretch: Stretch, text: string): Promise<boolean>;
  /** Notes that a stretch was too much to be summarised: for some days no stretch of the session has more than half of its messages. */
  giveUpStretch(stretch: Stretch): Promise<void>;
  /** Forgets a session; false when there is none. */
  deleteSession(sessionId: string): Promise<boolean>;
}

/** Messages that a session keeps at most; older ones fall out. */
const KEPT_MESSAGES = 1000;
/** As long as the records of a run that never closes. Seconds. */
const CONTEXT_TTL = 7 * 24 * 3600;
/**
 * How long a stretch that was given up keeps the next ones small, ms. Each that fails halves them; when even one exchange is too much,
 * none is next until the time is over. So a session that can not be summarised costs two calls for each halving and no more in
 * two days, however many runs it has, and what is not covered waits among the messages that are kept for a model that can.
 */
const CAUTIOUS_MS = 2 * 24 * 3600 * 1000;

export function createMemory(redis: RedisConnection, { windowTokens, ttlSeconds }: MemoryOptions): Memory {
  const memory: Memory = {
    async storeConversation(sessionId, runId, messages) {
      const lines = messages.map((message) => JSON.stringify(message));
      const keys = [sessionKey(sessionId), sessionRunsKey(sessionId), sessionMemoryKey(sessionId)] as const;
      await redis.storeConversation(...keys, runId, ttlSeconds, KEPT_MESSAGES, randomUUID(), ...lines);
    },

    async getContext(sessionId) {
      const { tail, summary } = await read(redis, sessionId);
      return contextWithin(summary?.text ?? '', tail, windowTokens);
    },

    async contextOfRun(sessionId, runId) {
      const kept = await redis.get(contextKey(runId));
      if (kept) return toContext(JSON.parse(kept) as SessionContext | SessionMessage[]);
      const context = await memory.getContext(sessionId);
      // of several turns that ask at once the first decides, also where there is nothing to see
      const first = await redis.set(contextKey(runId), JSON.stringify(context), 'EX', CONTEXT_TTL, 'NX');
      return first ? context : memory.contextOfRun(sessionId, runId);
    },

    async readSession(sessionId) {
      const { messages, summary, dropped, expiresInSeconds } = await read(redis, sessionId);
      return messages.length === 0 ? undefined : { messages, summary, dropped, expiresInSeconds };
    },

    async nextStretch(sessionId) {
      const { tail, summary, born, dropped, failed, most } = await read(redis, sessionId);
      const due = dueForSummary(summary?.text ?? '', tail, windowTokens, most);
      if (due.length === 0 || !born) return undefined;
      const from = summary?.covers ?? 0;
      return {
        session_id: sessionId,
        born,
        from,
        // messages that fell out before they were summarised count as covered
        to: Math.max(from, dropped) + due.length,
        summary: summary?.text ?? '',
        messages: due.map(({ role, content }) => ({ role, content })),
        max_tokens: summaryTokens(windowTokens),
        failed,
      };
    },

    async storeSummary({ session_id, born, from, to }, text) {
      return (await redis.storeSummary(sessionMemoryKey(session_id), born, from, to, text, Date.now())) === 1;
    },

    async giveUpStretch({ session_id, born, from, messages, failed = 0 }) {
      const most = Math.floor(messages.length / 2);
      await redis.giveUpStretch(sessionMemoryKey(session_id), born, from, failed, most, Date.now());
    },

    async deleteSession(sessionId) {
      const keys = [sessionKey(sessionId), sessionRunsKey(sessionId), sessionMemoryKey(sessionId)];
      return (await redis.del(...keys)) > 0;
    },
  };
  return memory;
}

/** All of a session as it is at one moment; `tail` are the messages that the summary does not cover. */
async function read(redis: RedisConnection, sessionId: string) {
  const key = sessionKey(sessionId);
  const replies = await redis.multi().lrange(key, 0, -1).hgetall(sessionMemoryKey(sessionId)).ttl(key).exec();
  const [lines, kept, expiresInSeconds] = (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  }) as [string[], Record<string, string | undefined>, number];
  const messages = lines.map((line) => JSON.parse(line) as SessionMessage);
  const summary = summaryIn(kept);
  const dropped = Number(kept.dropped ?? 0);
  const tail = messages.slice(Math.max(0, (summary?.covers ?? 0) - dropped));
  return { messages, tail, summary, dropped, born: kept.born, expiresInSeconds, ...cautionIn(kept) };
}

/** How many stretches were given up, and how many messages the next one may have. */
function cautionIn({ failed, most, failed_at: at }: Record<string, string | undefined>) {
  const holds = Date.now() - Number(at ?? 0) < CAUTIOUS_MS;
  return { failed: Number(failed ?? 0), most: holds ? Number(most) : Infinity };
}

function summaryIn({ summary, covers, at }: Record<string, string | undefined>): SessionSummary | undefined {
  return summary === undefined ? undefined : { text: summary, covers: Number(covers), at: Number(at) };
}

/** Earlier versions kept the messages alone. */
function toContext(kept: SessionContext | SessionMessage[]): SessionContext {
  return Array.isArray(kept) ? { summary: '', messages: kept } : kept;
}
