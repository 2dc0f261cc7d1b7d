/** What a run came to, in the words of earlier clients: nothing here that the run did not measure. */
import type { RunResult, Structures } from '../../../contract';
import type { Verification } from '../../../contract/checks';
import { toReply } from '../../outcomes';

/** The sandbox's verdict; null where no code was put to the test. */
function gatesOf(verification: Verification | null) {
  if (!verification) return null;
  const { executed, passed, checks } = verification;
  const held = checks.filter((check) => check.passed).length;
  return {
    allowed: executed && passed,
    status: executed ? (passed ? 'passed' : 'failed') : 'not executed',
    scores: { checks: checks.length, passed: held },
  };
}

/** The only tool that a run calls is the sandbox. */
function toolCallsOf(verification: Verification | null) {
  if (!verification?.executed) return [];
  const { turn, language, rounds, checks, passed, output, ms } = verification;
  return [{ name: 'sandbox', args: { turn, language, rounds }, result: { passed, checks, output, ms } }];
}

export function finalOf(result: RunResult) {
  const reply: ReturnType<typeof toReply> & Structures & { verification: Verification | null } = toReply(result);
  const { team_id, session_id, run_id, verification } = reply;
  return {
    success: true,
    team_id,
    session_id,
    run_id,
    message: reply.responses.join('\n\n'),
    critic: reply.critic ?? null,
    judge: reply.judge ?? null,
    gates: gatesOf(verification),
    tool_calls: toolCallsOf(verification),
    // swarms work from the message and the session: they cite no files
    citations: [],
    usage: reply.usage,
    cost_usd: reply.cost_usd,
    // whether a model was asked for this run, or all was told from earlier ones
    real_execution: result.turns.some(({ cached, reused_from }) => !cached && !reused_from),
  };
}
