/**
 * How people steer a run from outside: words at gates, guidance, pause and resume.
 *
 * The Updates' handlers only change what is here and answer at once; what the run does about it happens between its turns. Events
 * about it go through one queue under names of their own, so that each is published once and in the order in which it happened.
 */
import { CancellationScope, condition, defineUpdate, isCancellation, setHandler } from '@temporalio/workflow';
import { GUIDANCE } from '../contract/prompts';
import { withoutTry } from '../contract/turn-ids';
import type { GateOptions, Marked, Opening, RunNews, RunScope, Said, SteeringUpdates } from '../contract';
import { announce } from './activities';
import { Allowance } from './allowance';
import { Gates, refusal } from './gates';
import { hush } from './stopped-turn';

type Update<Name extends keyof SteeringUpdates> = SteeringUpdates[Name];
const updateOf = <Name extends keyof SteeringUpdates>(name: Name) =>
  defineUpdate<Marked<Update<Name>['answers']>, [Marked<Update<Name>['takes']>], Name>(name);

/** What `interruptible` resolves to when the turn was stopped for new guidance. */
export const INTERRUPTED = Symbol('interrupted');

interface RunningTurn {
  turn: string;
  scope: CancellationScope;
  interrupted: boolean;
}

export class Steering {
  readonly gates: Gates;
  readonly allowance: Allowance;
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
    private readonly opening?: Opening,
    /** What was said to the run that this one was forked from. */
    private readonly before?: Said,
  ) {
    this.gates = new Gates((name, news) => this.tell(name, news), before?.decisions);
    this.allowance = new Allowance(this.gates, options.approve_above_usd);
  }

  /** Takes Updates from now on. Called before the workflow first waits, so that none comes too early. */
  listen(): void {
    const validator = (_said: unknown) => this.mustBeOpen();
    const atGate = {
      validator: ({ gate }: { gate: string | undefined }) => {
        this.mustBeOpen();
        this.gates.mustBeOpen(gate);
      },
    };
    setHandler(updateOf('approve'), (said) => marked(said, this.gates.decide(said, 'approved')), atGate);
    setHandler(updateOf('reject'), (said) => marked(said, this.gates.decide(said, 'rejected')), atGate);
    setHandler(updateOf('message'), (said) => marked(said, this.inject(said)), { validator });
    setHandler(updateOf('pause'), (said) => marked(said, this.setPaused(true)), { validator });
    setHandler(updateOf('resume'), (said) => marked(said, this.setPaused(false)), { validator });
  }

  /** Waits until a turn may begin: what was told is published, the run is not paused, and its cost is approved. */
  async ready(): Promise<void> {
    for (;;) {
      if (this.queued > 0) await this.queue;
      else if (this.paused) await condition(() => !this.paused);
      else if (this.allowance.isSpent) await this.allowance.approval();
      else return;
    }
  }

  /** What a turn that begins now is told on top; in a forked run first what it was told before. */
  spoken(turn: string): string {
    const before = this.before ? (this.before.guidance[withoutTry(turn)] ?? this.before.latest) : '';
    const now = this.guidance.join('\n\n');
    if (!before) return now && `${GUIDANCE}${now}`;
    return now ? `${before}\n\n${now}` : before;
  }

  /** Lets a turn speak in a scope of its own; resolves to {@link INTERRUPTED} when guidance has stopped it. */
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

  /** Refuses all that comes from now on, and waits until what was told is published and nobody speaks. */
  async settle(): Promise<void> {
    this.over = true;
    if (this.queued > 0) await this.queue;
    if (this.running.size > 0) await hush([...this.running], () => condition(() => this.running.size === 0));
  }

  private inject({ content, interrupt }: Update<'message'>['takes']): Update<'message'>['answers'] {
    this.guidance.push(content);
    const stopped = interrupt ? [...this.running] : [];
    const interrupted = stopped.map(({ turn }) => turn);
    const number = this.guidance.length;
    this.tell(`message.injected:${number}`, { type: 'message.injected', number, guidance: content, interrupted });
    for (const turn of stopped) {
      turn.interrupted = true;
      turn.scope.cancel();
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

  private tell(name: string, news: RunNews): void {
    this.queued++;
    this.queue = this.queue.then(async () => {
      // what a person did must be told also when the run is being cancelled
      await CancellationScope.nonCancellable(() => announce(this.scope, name, news, this.opening));
      this.queued--;
    });
  }
}

/** Tells the caller which of several requests under one key has been answered. */
function marked<Answer extends object>({ mark }: Marked<object>, answer: Answer): Marked<Answer> {
  return mark === undefined ? answer : { ...answer, mark };
}
