/** A session's memory: the conversation across all its runs, a summary of the older part, and a time to live. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SessionContext, SessionMessage, SessionSummary, MessageRange } from '../contract';
import { ANONYMOUS_ACCOUNT } from '../contract/names';
import { createAccountUsage } from './account-usage';
import type { RedisConnection } from './connect';
import { contextKey, sessionKey, sessionMemoryKey, sessionRunsKey } from './keys';
import { defineScript, flag, json } from './scripts';
import { buildContext, selectForSummary, computeSummaryTokens } from './conversation-window';

export interface MemoryOptions {
  /** How much of a conversation a run receives, in estimated tokens. */
  windowTokens: number;
  /** How long a session is kept after its last message, seconds. */
  ttlSeconds: number;
  /** Maximum size of one session, bytes; the oldest messages are dropped beyond it. */
  sessionBytes?: number;
}

/** Everything stored of a session. */
interface Session {
  messages: SessionMessage[];
  summary: SessionSummary | undefined;
  /** Number of the session's messages that are no longer stored. */
  dropped: number;
  expiresInSeconds: number;
}

export interface Memory {
  /**
   * Adds a run's messages to its session, once per run even if called repeatedly. The session's bytes count towards the account that
   * stored last.
   */
  storeConversation(sessionId: string, runId: string, messages: SessionMessage[], account?: string): Promise<void>;
  /** Returns what the next run would receive: the summary of the older messages, and the newest messages after it that fit the window. */
  getContext(sessionId: string): Promise<SessionContext>;
  /** Returns the context as of the run's first request, even if requested again: a retried attempt sees identical text. */
  getRunContext(sessionId: string, runId: string): Promise<SessionContext>;
  /** Returns the context that the run's turns have received; undefined if none has asked for it, or it has expired. */
  findRunContext(runId: string): Promise<SessionContext | undefined>;
  /** Returns undefined if there is no such session. */
  readSession(sessionId: string): Promise<Session | undefined>;
  /** Returns the messages to summarise next; undefined while the messages without a summary fit the window. */
  nextRange(sessionId: string): Promise<MessageRange | undefined>;
  /** Stores the summary of a range. Returns false if another summary already covers it or the session has been recreated. */
  storeSummary(range: MessageRange, text: string): Promise<boolean>;
  /** Records that a range was too long to be summarised: for two days, the session's ranges have at most half as many messages. */
  releaseRange(range: MessageRange): Promise<void>;
  /** Deletes a session. Returns false if there is none. */
  deleteSession(sessionId: string): Promise<boolean>;
}

/** Maximum number of messages per session; older ones are dropped. */
const KEPT_MESSAGES = 1000;
const KEPT_BYTES = 8 * 1024 * 1024;
/** Same lifetime as the records of a run that never closes. Seconds. */
const CONTEXT_TTL = 7 * 24 * 3600;
/**
 * How long a failed range keeps the next ones small, ms. Each failure halves them. When even one exchange is too much, no range is due
 * until this time is over. So a session that cannot be summarised costs two calls per halving and no more within two days, however many
 * runs it has. Its uncovered messages stay stored until a model can summarise them.
 */
const CAUTIOUS_MS = 2 * 24 * 3600 * 1000;

interface StoreConversation {
  run: string;
  account: string;
  ttlSeconds: number;
  keptMessages: number;
  keptBytes: number;
  incarnation: string;
  messages: string[];
}
const stored = z.object({ bytes: z.number(), formerAccount: z.string().optional() });
const storeConversation = defineScript<StoreConversation, z.infer<typeof stored>>('store-conversation', json(stored));

const session = z.tuple([z.array(z.string()), z.array(z.string()), z.number()]);
const readSession = defineScript<object, z.infer<typeof session>>('read-session', session);

const storeSummary = defineScript<{ incarnation: string; from: number; to: number; text: string; at: number }, boolean>(
  'store-summary',
  flag,
);
const releaseRange = defineScript<
  { incarnation: string; from: number; failed: number; most: number; at: number },
  boolean
>('give-up-stretch', flag);

export function createMemory(redis: RedisConnection, options: MemoryOptions): Memory {
  const { windowTokens } = options;
  const memory: Memory = {
    ...createConversations(redis, options),

    async getContext(sessionId) {
      const { tail, summary } = await read(redis, sessionId);
      return buildContext(summary?.text ?? '', tail, windowTokens);
    },

    async findRunContext(runId) {
      const kept = await redis.get(contextKey(runId));
      return kept ? toContext(JSON.parse(kept) as SessionContext | SessionMessage[]) : undefined;
    },

    async getRunContext(sessionId, runId) {
      const kept = await memory.findRunContext(runId);
      if (kept) return kept;
      const context = await memory.getContext(sessionId);
      // when several turns ask at once, the first one decides, also when the context is empty
      const first = await redis.set(contextKey(runId), JSON.stringify(context), 'EX', CONTEXT_TTL, 'NX');
      return first ? context : memory.getRunContext(sessionId, runId);
    },

    async readSession(sessionId) {
      const { messages, summary, dropped, expiresInSeconds } = await read(redis, sessionId);
      return messages.length === 0 ? undefined : { messages, summary, dropped, expiresInSeconds };
    },

    async nextRange(sessionId) {
      const { tail, summary, born, dropped, failed, most } = await read(redis, sessionId);
      const due = selectForSummary(summary?.text ?? '', tail, windowTokens, most);
      if (due.length === 0 || !born) return undefined;
      const from = summary?.covers ?? 0;
      return {
        session_id: sessionId,
        born,
        from,
        // messages dropped before they were summarised count as covered
        to: Math.max(from, dropped) + due.length,
        summary: summary?.text ?? '',
        messages: due.map(({ role, content }) => ({ role, content })),
        max_tokens: computeSummaryTokens(windowTokens),
        failed,
      };
    },

    async storeSummary({ session_id, born, from, to }, text) {
      return storeSummary(redis, [sessionMemoryKey(session_id)], { incarnation: born, from, to, text, at: Date.now() });
    },

    async releaseRange({ session_id, born, from, messages, failed = 0 }) {
      const most = Math.floor(messages.length / 2);
      const args = { incarnation: born, from, failed, most, at: Date.now() };
      await releaseRange(redis, [sessionMemoryKey(session_id)], args);
    },
  };
  return memory;
}

/** Stores and deletes conversations, and reports their size to the account's usage. */
function createConversations(
  redis: RedisConnection,
  { ttlSeconds, sessionBytes = KEPT_BYTES }: MemoryOptions,
): Pick<Memory, 'storeConversation' | 'deleteSession'> {
  const usage = createAccountUsage(redis);
  return {
    async storeConversation(sessionId, runId, messages, account = ANONYMOUS_ACCOUNT) {
      const { bytes, formerAccount } = await storeConversation(redis, sessionKeys(sessionId), {
        ...{ run: runId, account, ttlSeconds },
        ...{ keptMessages: KEPT_MESSAGES, keptBytes: sessionBytes, incarnation: randomUUID() },
        messages: messages.map((message) => JSON.stringify(message)),
      });
      const isMoved = formerAccount !== undefined && formerAccount !== account;
      await Promise.all([
        usage.noteSession(account, sessionId, bytes, ttlSeconds),
        isMoved ? usage.forgetSession(formerAccount, sessionId) : undefined,
      ]);
    },

    async deleteSession(sessionId) {
      const account = await redis.hget(sessionMemoryKey(sessionId), 'account');
      const deleted = await redis.del(...sessionKeys(sessionId));
      if (account) await usage.forgetSession(account, sessionId);
      return deleted > 0;
    },
  };
}

const sessionKeys = (sessionId: string) =>
  [sessionKey(sessionId), sessionRunsKey(sessionId), sessionMemoryKey(sessionId)] as const;

/** Reads a whole session atomically; `tail` contains the messages that the summary does not cover. */
async function read(redis: RedisConnection, sessionId: string) {
  const [lines, fields, expiresInSeconds] = await readSession(
    redis,
    [sessionKey(sessionId), sessionMemoryKey(sessionId)],
    {},
  );
  const kept: Record<string, string | undefined> = {};
  for (let i = 0; i < fields.length; i += 2) kept[fields[i] ?? ''] = fields[i + 1];
  const messages = lines.map((line) => JSON.parse(line) as SessionMessage);
  const summary = readSummary(kept);
  const dropped = Number(kept.dropped ?? 0);
  const tail = messages.slice(Math.max(0, (summary?.covers ?? 0) - dropped));
  return { messages, tail, summary, dropped, born: kept.born, expiresInSeconds, ...readCaution(kept) };
}

/** Returns how many ranges have failed, and the maximum number of messages of the next one. */
function readCaution({ failed, most, failed_at: at }: Record<string, string | undefined>) {
  const holds = Date.now() - Number(at ?? 0) < CAUTIOUS_MS;
  return { failed: Number(failed ?? 0), most: holds ? Number(most) : Infinity };
}

function readSummary({ summary, covers, at }: Record<string, string | undefined>): SessionSummary | undefined {
  return summary === undefined ? undefined : { text: summary, covers: Number(covers), at: Number(at) };
}

/** Earlier versions stored only the messages. */
function toContext(kept: SessionContext | SessionMessage[]): SessionContext {
  return Array.isArray(kept) ? { summary: '', messages: kept } : kept;
}
