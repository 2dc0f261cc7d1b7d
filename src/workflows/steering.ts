/**
 * Steering of a run by people: gate decisions, guidance, pause and resume.
 *
 * Update handlers only change the state here and return at once; the run acts on it between turns. Steering events go through one queue
 * under unique names, so that each is published once and in order.
 */
import { CancellationScope, condition, defineUpdate, isCancellation, setHandler } from '@temporalio/workflow';
import { GUIDANCE } from '../contract/prompts';
import type { Failure } from '../contract/failures';
import { nameFirstTry } from '../contract/turn-names';
import type {
  PartialUsage,
  GateOptions,
  Marked,
  Opening,
  RunPayload,
  RunScope,
  GivenSteering,
  SteeringUpdates,
  TurnRequest,
  TurnResult,
} from '../contract';
import { announce } from './activities';
import { CostGate } from './cost-gate';
import { Gates, refusal } from './gates';
import { Spending } from './spending';
import { cancelAndSettle, stopScope } from './turn-cancellation';

type Update<Name extends keyof SteeringUpdates> = SteeringUpdates[Name];
const defineSteeringUpdate = <Name extends keyof SteeringUpdates>(name: Name) =>
  defineUpdate<Marked<Update<Name>['answers']>, [Marked<Update<Name>['takes']>], Name>(name);

/** The value of `interruptible` when new guidance has stopped the turn. */
export const INTERRUPTED = Symbol('interrupted');

/** The failure recorded for an interrupted turn. */
export const STOPPED: Failure = { code: 'INTERRUPTED', message: 'Stopped for new guidance, and begun again.' };

interface RunningTurn {
  turn: string;
  scope: CancellationScope;
  interrupted: boolean;
}

export class Steering {
  readonly gates: Gates;
  readonly costGate: CostGate;
  readonly spending = new Spending();
  private readonly guidance: string[] = [];
  private readonly running = new Set<RunningTurn>();
  private paused = false;
  private pauses = 0;
  private over = false;
  private queue: Promise<void> = Promise.resolve();
  private queued = 0;

  constructor(
    private readonly scope: RunScope,
    options: GateOptions = {},
    private readonly opening: Opening,
    /** Steering of the run that this one was forked from. */
    private readonly before?: GivenSteering,
  ) {
    this.gates = new Gates((name, payload) => this.tell(name, payload), before?.decisions);
    this.costGate = new CostGate(this.gates, options.approve_above_usd);
  }

  /** Registers the Update handlers. Must be called before the workflow first waits, so that no Update arrives without a handler. */
  listen(): void {
    const validator = (_request: unknown) => this.mustBeOpen();
    const atGate = {
      validator: ({ gate }: { gate: string | undefined }) => {
        this.mustBeOpen();
        this.gates.mustBeOpen(gate);
      },
    };
    setHandler(
      defineSteeringUpdate('approve'),
      (request) => marked(request, this.gates.decide(request, 'approved')),
      atGate,
    );
    setHandler(
      defineSteeringUpdate('reject'),
      (request) => marked(request, this.gates.decide(request, 'rejected')),
      atGate,
    );
    setHandler(defineSteeringUpdate('message'), (request) => marked(request, this.inject(request)), { validator });
    setHandler(defineSteeringUpdate('pause'), (request) => marked(request, this.setPaused(true)), { validator });
    setHandler(defineSteeringUpdate('resume'), (request) => marked(request, this.setPaused(false)), { validator });
  }

  /** Waits until a turn may begin: queued events are published, the run is not paused, and its cost is approved. */
  async ready(): Promise<void> {
    for (;;) {
      if (this.queued > 0) await this.queue;
      else if (this.paused) await condition(() => !this.paused);
      else if (this.costGate.isSpent) await this.costGate.approval();
      else return;
    }
  }

  /** Adds a turn's usage to the cost gate and to the total that is sent with the next turns. */
  spend(used: TurnResult | PartialUsage): void {
    this.costGate.spend(used.cost_usd);
    this.spending.add(used);
  }

  /** The guidance for a turn that begins now. In a forked run, the turn's earlier guidance comes first. */
  spoken(turn: Pick<TurnRequest, 'turn' | 'place'>): string {
    const before = this.before ? (this.before.guidance[nameFirstTry(turn)] ?? this.before.latest) : '';
    const now = this.guidance.join('\n\n');
    if (!before) return now && `${GUIDANCE}${now}`;
    return now ? `${before}\n\n${now}` : before;
  }

  /** Runs a turn in its own scope; resolves to {@link INTERRUPTED} if guidance has stopped it. */
  async interruptible<T>(turn: string, call: () => Promise<T>): Promise<T | typeof INTERRUPTED> {
    const running: RunningTurn = { turn, scope: new CancellationScope(), interrupted: false };
    this.running.add(running);
    try {
      return await running.scope.run(call);
    } catch (error) {
      if (running.interrupted && isCancellation(error)) return INTERRUPTED;
      throw error;
    } finally {
      this.running.delete(running);
    }
  }

  /** Refuses further Updates, waits until queued events are published, and cancels the turns that still run. */
  async settle(): Promise<void> {
    this.over = true;
    if (this.queued > 0) await this.queue;
    if (this.running.size > 0) await cancelAndSettle([...this.running], () => condition(() => this.running.size === 0));
  }

  private inject({ content, interrupt }: Update<'message'>['takes']): Update<'message'>['answers'] {
    this.guidance.push(content);
    const stopped = interrupt ? [...this.running] : [];
    const interrupted = stopped.map(({ turn }) => turn);
    const number = this.guidance.length;
    this.tell(`message.injected:${number}`, { type: 'message.injected', number, guidance: content, interrupted });
    for (const turn of stopped) {
      turn.interrupted = true;
      stopScope(turn.scope, STOPPED);
    }
    return { interrupted };
  }

  private setPaused(paused: boolean): { paused: boolean; changed: boolean } {
    const changed = this.paused !== paused;
    this.paused = paused;
    if (changed) {
      const number = paused ? ++this.pauses : this.pauses;
      const type = paused ? 'run.paused' : 'run.resumed';
      this.tell(`${type}:${number}`, { type, number });
    }
    return { paused, changed };
  }

  private mustBeOpen(): void {
    if (this.over) throw refusal('RUN_ENDED', 'The run has ended.');
  }

  private tell(name: string, payload: RunPayload): void {
    this.queued++;
    this.queue = this.queue.then(async () => {
      // a person's action must be published even while the run is being cancelled
      await CancellationScope.nonCancellable(() => announce(this.scope, name, payload, this.opening));
      this.queued--;
    });
  }
}

/** Copies the request's mark to the reply, so that the caller can tell which of several requests under one key was executed. */
function marked<Answer extends object>({ mark }: Marked<object>, answer: Answer): Marked<Answer> {
  return mark === undefined ? answer : { ...answer, mark };
}
