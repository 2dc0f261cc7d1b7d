/** The short activities around a run: its first and its last event, its place in the session, and what Redis lost of it. */
import { openingOf } from '../contract/opening';
import { endingOf } from '../contract/retelling';
import type {
  Closing,
  ModelNames,
  Opening,
  RunEvent,
  RunNews,
  RunOutcome,
  RunRecord,
  RunScope,
  SwarmResult,
  TurnResult,
} from '../contract';
import { firstModels, type Routes } from '../gateway/route';
import type { Memory } from '../redis/memory';
import type { SessionQueue } from '../redis/session-queue';
import type { TurnStore } from '../redis/turns';
import type { Admission } from './admission';
import { openingEvent, restoreRun } from './restore';

export interface RecordDependencies {
  turns: TurnStore;
  memory: Memory;
  routes: Routes;
  sessions: Pick<SessionQueue, 'leave'>;
  admission: Pick<Admission, 'abandon' | 'unsettledTurns'>;
}

export function createRunRecords({ turns, memory, routes, sessions, admission }: RecordDependencies) {
  /** Answers the ending that holds: of several the first. */
  async function close(outcome: RunOutcome): Promise<RunEvent> {
    const { result } = outcome;
    const scope = pickScope(outcome);
    const ids = [...result.turns, ...result.failures].map(({ turn }) => turn);
    const closed = await turns.closeWhole(scope, endingOf(outcome), ids, result.turns.length);
    if (closed) return closed;
    const checks = result.verification ? [result.verification] : [];
    await restoreRun(turns, { scope, opening: openingOf(outcome), turns: result.turns, checks, texts: {} });
    return turns.close(scope, endingOf(outcome), ids);
  }

  /** A turn whose worker died and that was stopped before another took it up has left its call: no attempt settles it any more. */
  async function settle({ run_id, session_id, tenant }: RunOutcome): Promise<void> {
    const run = { run_id, session_id, options: tenant ? { tenant } : {} };
    const left = await admission.unsettledTurns(run);
    const texts = await turns.texts(run_id, left);
    await Promise.all(left.map((turn, i) => admission.abandon({ ...run, turn }, texts[i] ?? '')));
  }

  return {
    /**
     * Announces the run, fixes the context that its turns will see, and tells which model stands first for each alias.
     * For runs that began before the first turn did so.
     */
    async openRun(scope: RunScope, message: string): Promise<ModelNames> {
      const first = openingEvent(scope, openingOf({ ...scope, message }));
      await Promise.all([turns.publish(first.scope, first.news), memory.contextOfRun(scope.session_id, scope.run_id)]);
      return firstModels(routes);
    },

    /** Publishes an event of the run, once for each name however often it is tried; it may come before any turn has opened the run. */
    async announce(scope: RunScope, name: string, news: RunNews, opening?: Opening): Promise<void> {
      const first = opening && openingEvent(scope, opening);
      if (first) await turns.publish(first.scope, first.news);
      await turns.publish(pickScope(scope), news, name);
    },

    /**
     * Stores the conversation, gives up the run's place in its session, and then publishes how the run ended: whoever reads that
     * may begin the next one. From then on no attempt begins, and what dead ones have left is settled.
     */
    async closeRun(outcome: RunOutcome): Promise<Closing> {
      if (outcome.status === 'completed') await store(memory, outcome);
      if (outcome.in_session_queue) await sessions.leave(outcome.session_id, outcome.run_id);
      const [{ type }, stretch] = await Promise.all([
        close(outcome),
        outcome.status === 'completed' ? memory.nextStretch(outcome.session_id) : undefined,
      ]);
      await settle(outcome);
      return { ending: type as Closing['ending'], outgrown: stretch !== undefined };
    },

    /** Writes again what Redis lost of a run: its first event, its finished turns, and texts that prompts refer to. */
    async restoreRun(record: RunRecord): Promise<void> {
      await restoreRun(turns, record);
    },

    /** Puts texts back into Redis. For runs that began before `restoreRun` was there. */
    async restoreTexts(runId: string, texts: Record<string, string>): Promise<void> {
      await turns.restoreTexts(runId, texts);
    },
  };
}

function pickScope({ run_id, session_id, team_id }: RunScope): RunScope {
  return { run_id, session_id, team_id };
}

async function store(memory: Memory, { session_id, run_id, team_id, message, result }: RunOutcome): Promise<void> {
  const common = { run_id, team_id, at: Date.now() };
  await memory.storeConversation(session_id, run_id, [
    { role: 'user', content: shorten(message), ...common },
    { role: 'assistant', content: answerOf(result), ...common },
  ]);
}

/** No window shows more of one message. In UTF-16 units. */
const REMEMBERED = 200_000;

function shorten(message: string): string {
  if (message.length <= REMEMBERED) return message;
  return `${message.slice(0, REMEMBERED).replace(/[\uD800-\uDBFF]$/, '')}\n[…]`;
}

/** What the session remembers of an answer: its text, or, when several have spoken, each under its label. */
function answerOf({ turns, answers }: SwarmResult): string {
  const spoken = answers.flatMap((id) => turns.find(({ turn }) => turn === id) ?? []);
  if (spoken.length === 1) return spoken[0]?.text ?? '';
  return spoken.map(({ label, text }: TurnResult) => `### ${label}\n${text}`).join('\n\n');
}
