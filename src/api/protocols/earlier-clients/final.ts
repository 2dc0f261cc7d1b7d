/** The result of a run in the format of earlier clients. It contains only values that the run measured. */
import type { z } from 'zod';
import type { RunResult } from '../../../contract';
import type { Verification } from '../../../contract/checks';
import type { finalReply } from '../../../contract/client-replies';
import { countChecks } from '../../../contract/verification';
import { toReply } from '../../results';

type Final = z.infer<typeof finalReply>;

/** The sandbox's verdict; null if no code was checked. */
function describeGates(verification: Verification | null): Final['gates'] {
  if (!verification) return null;
  const { executed, passed } = verification;
  const { total, failed } = countChecks(verification);
  return {
    allowed: executed && passed,
    status: executed ? (passed ? 'passed' : 'failed') : 'not executed',
    scores: { checks: total, passed: total - failed },
  };
}

/** The sandbox is the only tool that a run calls. */
function listToolCalls(verification: Verification | null) {
  if (!verification?.executed) return [];
  const { turn, language, rounds, checks, passed, output, ms } = verification;
  return [{ name: 'sandbox', args: { turn, language, rounds }, result: { passed, checks, output, ms } }];
}

export function makeFinal(result: RunResult): Final {
  const reply = toReply(result);
  const { team_id, session_id, run_id, verification } = reply;
  return {
    success: true,
    team_id,
    session_id,
    run_id,
    message: reply.responses.join('\n\n'),
    critic: reply.critic ?? null,
    judge: reply.judge ?? null,
    gates: describeGates(verification),
    tool_calls: listToolCalls(verification),
    // swarms use only the message and the session, so they cite no files
    citations: [],
    usage: reply.usage,
    cost_usd: reply.cost_usd,
    // whether a model was called for this run, or all turns were cached or reused
    real_execution: result.turns.some(({ cached, reused_from }) => !cached && !reused_from),
  };
}
