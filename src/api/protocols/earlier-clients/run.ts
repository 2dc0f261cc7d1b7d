/** `POST /teams/run` and `POST /workflows/run`: run a team and stream it in the one frame format that all earlier clients can read. */
import type { Context } from 'koa';
import type { RunResult, SwarmDefinition } from '../../../contract';
import { teamReply } from '../../../contract/client-replies';
import { failureNotice, type Frame, type ResetFrame } from '../../../events/frames';
import { acceptedReply } from '../../../contract/replies';
import { ApiError, parse, toApiError } from '../../errors';
import { readIdempotencyKey } from '../../idempotency';
import { toReply } from '../../results';
import type { Order } from '../../start-requests';
import type { PreparedReply, PrepareReply } from '../../routing/define-route';
import { replayHeaders, runAddress, runningRun } from '../../routing/run-replies';
import type { EventStream } from '../../sse';
import type { Services } from '../../services';
import { conclude, waitForResult, type Conclusion } from '../../wait';
import { makeFinal } from './final';
import { writeMessage, wholeMessage, type TeamRequest } from './requests';
import { Transcript, type Piece, type TurnFrame } from '../../transcript';

export const runTeamReplies = {
  200: {
    description: 'The run in phases; with `stream: false` the answer.',
    schema: teamReply,
    events: 'TeamFrame',
  },
  202: { description: 'The run goes on: it took longer than the caller waits.', schema: acceptedReply },
} as const;

interface TeamOrder {
  swarm: SwarmDefinition;
  request: TeamRequest;
  reply: PrepareReply<typeof runTeamReplies>;
}

/** Runs a team. Returns undefined for a streamed run, which writes to the context itself. */
export async function runTeam(
  ctx: Context,
  services: Services,
  { swarm, request, reply }: TeamOrder,
): Promise<PreparedReply | undefined> {
  const { session_id, temperature, max_tokens, use_memory, timeout } = request;
  const order: Order = {
    swarm_id: swarm.id,
    ...parse(wholeMessage, { message: writeMessage(request) }),
    session_id: use_memory === false ? undefined : session_id,
    ...{ temperature, max_tokens, max_rounds: 1 },
    // the review of a coordinated run is always data
    reviews_as_data: swarm.pattern !== 'coordinate',
    tenant: ctx.state.tenant as string | undefined,
    idempotencyKey: readIdempotencyKey(ctx),
  };
  if (/\btext\/event-stream\b/.test(ctx.get('Accept')) || request.stream !== false) {
    await streamTeam(ctx, services, order, swarm);
    return undefined;
  }
  const started = await services.runs.start(order, services.runs.prepare(order));
  ctx.set(replayHeaders(started));
  const waitMs = Math.min(services.syncWaitMs, (timeout ?? Infinity) * 1000);
  const result = await waitForResult(services, started.run_id, waitMs).catch(throwAsTeam);
  const headers = { Location: runAddress(started.run_id) };
  if (!result) return reply(202, runningRun(started), headers);
  return reply(200, { ...toReply(result), success: true, message: makeFinal(result).message }, headers);
}

/** Adds the fields that the reply of a completed run has to the error of a failed run. */
function throwAsTeam(error: unknown): never {
  if (!(error instanceof ApiError) || !('responses' in error.extra)) throw error;
  const { code, message, extra, retryAfterSeconds } = error;
  throw new ApiError(
    code,
    message,
    { ...extra, success: false, message: failureNotice(message).trim() },
    retryAfterSeconds,
  );
}

async function streamTeam(ctx: Context, services: Services, order: Order, swarm: SwarmDefinition): Promise<void> {
  const run = services.runs.prepare(order);
  const { run_id, session_id, team_id } = run;
  // read before the start: the session as the run sees it, without what the run itself writes
  const [remembered, opened] = await Promise.all([
    services.memory.getContext(session_id),
    services.runs.open(order, run),
  ]);
  const starting = services.runs.start(order, run, opened);
  // the key may belong to the run of an earlier request
  if (order.idempotencyKey) ctx.set(replayHeaders(await starting));
  const stream = services.streams.open(ctx);
  const frames = new TeamFrames(stream, { run_id, session_id, team_id }, swarm, remembered.messages.length);
  const following = services.relay.fresh(run_id, {
    frame: (json) => frames.hear(JSON.parse(json) as Frame | ResetFrame),
    end: () => void conclude(services, run_id, frames),
  });
  stream.onLeave(() => following.stop());
  starting.catch((error: unknown) => {
    following.stop();
    frames.fail(toApiError(error));
  });
}

/** Streams a run in phases. Each phase starts with its own frame; the order of the phases is fixed. */
class TeamFrames implements Conclusion {
  private transcript: Transcript;
  /** The model of each turn. */
  private readonly models = new Map<string, string>();
  private begun = false;

  constructor(
    private readonly stream: EventStream,
    private readonly scope: { run_id: string; session_id: string; team_id: string },
    private readonly swarm: SwarmDefinition,
    private readonly remembered: number,
  ) {
    this.transcript = this.newTranscript();
  }

  hear(frame: Frame | ResetFrame): void {
    if (frame.event === 'run.started') return this.begin();
    if (frame.event === 'run.reset') {
      this.say('generation', { token: frame.content, content: frame.content });
      this.transcript = this.newTranscript();
    } else if ('turn' in frame) {
      const spoken = frame as TurnFrame;
      if (spoken.model) this.models.set(spoken.turn, spoken.model);
      this.transcript.hear(spoken);
    }
  }

  complete(result: RunResult): void {
    const final = makeFinal(result);
    this.transcript.finish(result);
    this.say('critic', { critic: final.critic });
    this.say('judge', { judge: final.judge });
    this.say('gates', { gates: final.gates });
    this.stream.finish({ ...this.frame('complete'), done: true, final });
  }

  fail({ code, message }: ApiError): void {
    this.transcript.finish();
    // a client that reads only the text would take the end for success
    const text = failureNotice(message);
    this.say('generation', { token: text, content: text });
    this.stream.finish({ ...this.frame('error'), error: message, code, done: true });
  }

  private newTranscript(): Transcript {
    return new Transcript(this.swarm, {
      say: (piece) => this.token(piece),
      sayAside: ({ turn, label, text }) =>
        this.say('generation', { draft: text, turn, label, model: this.models.get(turn) }),
    });
  }

  private begin(): void {
    // a stream that Redis lost is sent again from its beginning
    if (this.begun) return;
    this.begun = true;
    const { roles, stages } = this.swarm;
    const steps = stages?.map(({ name }) => name) ?? Object.keys(roles);
    this.say('planning', { steps });
    this.say('memory', { messages: this.remembered });
    this.say('setup', { members: Object.values(roles).map(({ label }) => label) });
  }

  private token({ turn, label, text }: Piece): void {
    this.say('generation', { token: text, content: text, turn, label, model: this.models.get(turn) });
  }

  private say(phase: string, more: object): void {
    this.stream.say({ ...this.frame(phase), ...more });
  }

  private frame(phase: string) {
    return { phase, token: '', content: '', done: false, ...this.scope };
  }
}
