/** `POST /teams/run` and `POST /workflows/run`: a run that streams in the one frame that all earlier clients can read. */
import type { Context } from 'koa';
import type { RunResult, SwarmDefinition } from '../../../contract';
import type { Frame, ResetFrame } from '../../../contract/frames';
import { parse, toApiError, type ApiError } from '../../errors';
import { idempotencyKeyOf } from '../../idempotency';
import { toReply } from '../../outcomes';
import type { Order } from '../../orders';
import type { EventStream } from '../../sse';
import type { Services } from '../../services';
import { conclude, waitForResult, type Conclusion } from '../../wait';
import { finalOf } from './final';
import { messageOf, wholeMessage, type TeamRequest } from './requests';
import { Transcript, type Piece, type TurnFrame } from '../../transcript';

export async function runTeam(
  ctx: Context,
  services: Services,
  swarm: SwarmDefinition,
  request: TeamRequest,
): Promise<void> {
  const { session_id, temperature, max_tokens, use_memory, timeout } = request;
  const order: Order = {
    swarm_id: swarm.id,
    ...parse(wholeMessage, { message: messageOf(request) }),
    session_id: use_memory === false ? undefined : session_id,
    ...{ temperature, max_tokens, max_rounds: 1 },
    // a coordination's review is data anyway
    reviews_as_data: swarm.pattern !== 'coordinate',
    tenant: ctx.state.tenant as string | undefined,
    idempotencyKey: idempotencyKeyOf(ctx),
  };
  const streams = /\btext\/event-stream\b/.test(ctx.get('Accept')) || request.stream !== false;
  if (streams) return streamTeam(ctx, services, order, swarm);
  const { replayed, ...scope } = await services.runs.start(order, services.runs.prepare(order));
  if (replayed) ctx.set('Idempotency-Replayed', 'true');
  const waitMs = Math.min(services.syncWaitMs, (timeout ?? Infinity) * 1000);
  const result = await waitForResult(services, scope.run_id, waitMs);
  const address = `/runs/${encodeURIComponent(scope.run_id)}`;
  ctx.set('Location', address);
  if (!result) ctx.status = 202;
  ctx.body = result
    ? { ...toReply(result), success: true, message: finalOf(result).message }
    : { ...scope, status: 'running', events: `${address}/events` };
}

async function streamTeam(ctx: Context, services: Services, order: Order, swarm: SwarmDefinition): Promise<void> {
  const run = services.runs.prepare(order);
  const { run_id, session_id, team_id } = run;
  // what the run will see of its session, read before it begins to write there
  const remembered = await services.memory.getContext(session_id);
  const starting = services.runs.start(order, run);
  // the run may be that of another request
  if (order.idempotencyKey && (await starting).replayed) ctx.set('Idempotency-Replayed', 'true');
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

/** Tells a run in phases: each begins with a frame of its own, and their order is always the same. */
class TeamFrames implements Conclusion {
  private transcript: Transcript;
  /** Which model speaks in each turn. */
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
    const final = finalOf(result);
    this.transcript.finish();
    this.say('critic', { critic: final.critic });
    this.say('judge', { judge: final.judge });
    this.say('gates', { gates: final.gates });
    this.stream.finish({ ...this.frame('complete'), done: true, final });
  }

  fail({ code, message }: ApiError): void {
    this.transcript.finish();
    this.stream.finish({ ...this.frame('error'), error: message, code, done: true });
  }

  private newTranscript(): Transcript {
    return new Transcript(this.swarm, (piece) => this.token(piece));
  }

  private begin(): void {
    // a stream that Redis lost is told again from its beginning
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
