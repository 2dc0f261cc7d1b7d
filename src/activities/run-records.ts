/** The short activities around a run: its first and its last event, its place in the session, and texts that Redis lost. */
import { ALIASES } from '../contract/names';
import { totalsOf } from '../contract/totals';
import type { ModelNames, RunEvent, RunNews, RunOutcome, RunScope, SwarmResult, TurnResult } from '../contract';
import type { Routes } from '../gateway/route';
import type { Memory } from '../redis/memory';
import type { TurnStore } from '../redis/turns';

export interface RecordDependencies {
  turns: TurnStore;
  memory: Memory;
  routes: Routes;
}

export function createRunRecords({ turns, memory, routes }: RecordDependencies) {
  return {
    /** Announces the run, fixes the context that its turns will see, and tells which model stands first for each alias. */
    async openRun(scope: RunScope, message: string): Promise<ModelNames> {
      await Promise.all([
        turns.publish(pickScope(scope), { type: 'run.started', swarm_id: scope.team_id, message }),
        memory.contextOfRun(scope.session_id, scope.run_id),
      ]);
      return Object.fromEntries(ALIASES.map((alias) => [alias, routes[alias][0]?.model]));
    },

    /** Publishes an event of the run, once for each name however often it is tried. */
    async announce(scope: RunScope, name: string, news: RunNews): Promise<void> {
      await turns.publish(pickScope(scope), news, name);
    },

    /** Stores the conversation, then publishes how the run ended. Answers the ending that holds: of several the first. */
    async closeRun(outcome: RunOutcome): Promise<RunEvent['type']> {
      if (outcome.status === 'completed') await store(memory, outcome);
      const { turns: finished, failures } = outcome.result;
      const ids = [...finished, ...failures].map(({ turn }) => turn);
      return (await turns.close(pickScope(outcome), toNews(outcome), ids)).type;
    },

    /** Puts texts back into Redis. */
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
    { role: 'user', content: message, ...common },
    { role: 'assistant', content: answerOf(result), ...common },
  ]);
}

/** What the session remembers of an answer: its text, or, when several have spoken, each under its label. */
function answerOf({ turns, answers }: SwarmResult): string {
  const spoken = answers.flatMap((id) => turns.find(({ turn }) => turn === id) ?? []);
  if (spoken.length === 1) return spoken[0]?.text ?? '';
  return spoken.map(({ label, text }: TurnResult) => `### ${label}\n${text}`).join('\n\n');
}

function toNews({ status, result, failure }: RunOutcome): RunNews {
  const totals = totalsOf(result.turns);
  if (status === 'completed') return { type: 'run.completed', ...totals, answers: result.answers };
  return { type: `run.${status}`, ...totals, code: failure?.code ?? 'INTERNAL', message: failure?.message ?? '' };
}
