/** The short activities of a run: publishing its events, closing it, and restoring what Redis has lost. */
import { makeOpening, openingEvent } from '../events/opening';
import { makeEnding } from '../events/reconstruction';
import { spentBy } from '../events/totals';
import type {
  Closing,
  Opening,
  RunEvent,
  RunPayload,
  RunOutcome,
  RunRecord,
  RunScope,
  SessionMessage,
  SwarmResult,
  TurnResult,
} from '../contract';
import { ANONYMOUS_ACCOUNT } from '../contract/names';
import type { AccountUsage } from '../redis/account-usage';
import type { Memory } from '../redis/memory';
import type { SessionQueue } from '../redis/session-queue';
import type { TurnStore } from '../redis/turns';
import type { Admission } from '../model-call/admission';
import { restoreRun } from './restore';

export interface RecordDependencies {
  turns: TurnStore;
  memory: Memory;
  sessions: Pick<SessionQueue, 'leave'>;
  admission: Pick<Admission, 'abandon' | 'unsettledTurns'>;
  usage: Pick<AccountUsage, 'closeRun'>;
}

export function createRunRecords({ turns, memory, sessions, admission, usage }: RecordDependencies) {
  /** Returns the closing event that was written first. */
  async function close(outcome: RunOutcome): Promise<RunEvent> {
    const { result } = outcome;
    const scope = pickScope(outcome);
    const ids = [...result.turns, ...result.failures].map(({ turn }) => turn);
    const closed = await turns.closeIfComplete(scope, makeEnding(outcome), ids, result.turns.length);
    if (closed) return closed;
    const checks = result.verification ? [result.verification] : [];
    await restoreRun(turns, { scope, opening: makeOpening(outcome), turns: result.turns, checks, texts: {} });
    return turns.close(scope, makeEnding(outcome), ids);
  }

  /** Settles the calls of turns whose worker died and that were cancelled before the next attempt: no attempt will settle them. */
  async function settle({ run_id, session_id, tenant, result }: RunOutcome): Promise<void> {
    const run = { run_id, session_id, options: tenant ? { tenant } : {} };
    const left = await admission.unsettledTurns(run, spentBy(result));
    const texts = await turns.texts(run_id, left);
    await Promise.all(left.map((turn, i) => admission.abandon({ ...run, turn }, texts[i] ?? '')));
  }

  return {
    /** Publishes an event of the run, once per name even if retried. With `opening`, opens the run first if no turn has opened it. */
    async announce(scope: RunScope, name: string, payload: RunPayload, opening?: Opening): Promise<void> {
      const first = opening && openingEvent(scope, opening);
      if (first) await turns.publish(first.scope, first.payload);
      await turns.publish(pickScope(scope), payload, name);
    },

    /**
     * Stores the conversation, leaves the session's queue, and then publishes the run's end. This order matters: a client that reads the
     * end may start the next run, so this one must no longer count as open. Afterwards no attempt begins, and the calls of dead attempts
     * are settled.
     */
    async closeRun(outcome: RunOutcome): Promise<Closing> {
      if (outcome.status === 'completed') await store(memory, outcome);
      if (outcome.in_session_queue) await sessions.leave(outcome.session_id, outcome.run_id);
      const [, { type }, range] = await Promise.all([
        usage.closeRun(outcome.tenant ?? ANONYMOUS_ACCOUNT, outcome.run_id),
        close(outcome),
        outcome.status === 'completed' ? memory.nextRange(outcome.session_id) : undefined,
      ]);
      await settle(outcome);
      return { ending: type as Closing['ending'], outgrown: range !== undefined };
    },

    /** Restores what Redis has lost of a run: its first event, its finished turns, and texts that prompts refer to. */
    async restoreRun(record: RunRecord): Promise<void> {
      await restoreRun(turns, record);
    },

    /** Writes texts that prompts refer to into Redis. */
    async restoreTexts(runId: string, texts: Record<string, string>): Promise<void> {
      await turns.restoreTexts(runId, texts);
    },
  };
}

function pickScope({ run_id, session_id, team_id }: RunScope): RunScope {
  return { run_id, session_id, team_id };
}

async function store(
  memory: Memory,
  { session_id, run_id, team_id, message, result, tenant }: RunOutcome,
): Promise<void> {
  const common = { run_id, team_id, at: Date.now() };
  const messages: SessionMessage[] = [
    { role: 'user', content: shorten(message), ...common },
    { role: 'assistant', content: joinAnswers(result), ...common },
  ];
  await memory.storeConversation(session_id, run_id, messages, tenant);
}

/** Maximum length of a stored message; no context window uses more of one. UTF-16 units. */
const REMEMBERED = 200_000;

function shorten(message: string): string {
  if (message.length <= REMEMBERED) return message;
  return `${message.slice(0, REMEMBERED).replace(/[\uD800-\uDBFF]$/, '')}\n[…]`;
}

/** The answer that the session remembers: its text, or, for several answers, each under its label. */
function joinAnswers({ turns, answers }: SwarmResult): string {
  const spoken = answers.flatMap((id) => turns.find(({ turn }) => turn === id) ?? []);
  if (spoken.length === 1) return spoken[0]?.text ?? '';
  return spoken.map(({ label, text }: TurnResult) => `### ${label}\n${text}`).join('\n\n');
}
