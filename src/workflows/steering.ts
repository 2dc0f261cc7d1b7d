/**
 * How people steer a run from outside: gates that wait for their word, guidance, pause and resume.
 *
 * The Updates' handlers only change what is here and answer at once; what the run does about it happens between its turns. Events
 * about it go through one queue under names of their own, so that each is published once and in the order in which it happened.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineUpdate,
  isCancellation,
  patched,
  setHandler,
} from '@temporalio/workflow';
import type { FailureCode } from '../contract/failures';
import { GUIDANCE } from '../contract/prompts';
import { withoutTry } from '../contract/turn-ids';
import type {
  GateDecision,
  GateOptions,
  Marked,
  Opening,
  RunNews,
  RunScope,
  Said,
  SteeringUpdates,
  TurnResult,
} from '../contract';
import { announce } from './activities';
import { hush } from './stopped-turn';

type Update<Name extends keyof SteeringUpdates> = SteeringUpdates[Name];
const updateOf = <Name extends keyof SteeringUpdates>(name: Name) =>
  defineUpdate<Marked<Update<Name>['answers']>, [Marked<Update<Name>['takes']>], Name>(name);

/** What `interruptible` resolves to when the turn was stopped for new guidance. */
export const INTERRUPTED = Symbol('interrupted');

interface Gate {
  name: string;
  decision?: GateDecision;
}

interface RunningTurn {
  turn: string;
  scope: CancellationScope;
  interrupted: boolean;
}

export class Steering {
  /** How much may be spent between one approval and the next, US dollars. */
  private readonly stepUsd: number;
  private readonly gates: Gate[] = [];
  private readonly guidance: string[] = [];
  private readonly running = new Set<RunningTurn>();
  private paused = false;
  private pauses = 0;
  private over = false;
  private spentUsd = 0;
  private approvedUsd: number;
  private costGates = 0;
  /** What all turns that may not begin before wait for together. */
  private asking: Promise<void> | undefined;
  private refused: ApplicationFailure | undefined;
  private queue: Promise<void> = Promise.resolve();
  private queued = 0;

  constructor(
    private readonly scope: RunScope,
    options: GateOptions = {},
    private readonly opening?: Opening,
    /** What was said to the run that this one was forked from. */
    private readonly before?: Said,
  ) {
    this.stepUsd = options.approve_above_usd ?? Infinity;
    this.approvedUsd = this.stepUsd;
  }

  /** Takes Updates from now on. Called before the workflow first waits, so that none comes too early. */
  listen(): void {
    const validator = (_said: unknown) => this.mustBeOpen();
    setHandler(updateOf('approve'), (said) => marked(said, this.decide(said, 'approved')), {
      validator: ({ gate }) => void this.findOpenGate(gate),
    });
    setHandler(updateOf('reject'), (said) => marked(said, this.decide(said, 'rejected')), {
      validator: ({ gate }) => void this.findOpenGate(gate),
    });
    setHandler(updateOf('message'), (said) => marked(said, this.inject(said)), { validator });
    setHandler(updateOf('pause'), (said) => marked(said, this.setPaused(true)), { validator });
    setHandler(updateOf('resume'), (said) => marked(said, this.setPaused(false)), { validator });
  }

  /**
   * Opens a gate and waits, for days if need be, until a person has said yes or no. What a forked run has taken over unchanged was
   * decided before.
   */
  async ask(name: string, question: string, about?: TurnResult): Promise<GateDecision> {
    const gate: Gate = { name };
    this.gates.push(gate);
    this.tell(`gate.opened:${name}`, { type: 'gate.opened', gate: name, question, about: about?.turn ?? null });
    const decided = about?.reused_from ? this.before?.decisions[name] : undefined;
    if (decided) this.close(gate, decided);
    await condition(() => gate.decision !== undefined);
    return gate.decision!;
  }

  /** Waits until a turn may begin: what was told is published, the run is not paused, and its cost is approved. */
  async ready(): Promise<void> {
    for (;;) {
      if (this.queued > 0) await this.queue;
      else if (this.paused) await condition(() => !this.paused);
      else if (this.spentUsd > this.approvedUsd) await this.approval();
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

  /** Counts what a turn has cost, with an answer or without; a gateway that names no cost counts as free. */
  spend(costUsd: number | null): void {
    this.spentUsd += costUsd ?? 0;
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

  /** Ends with the scope of the turn that waits; the question itself outlives it, since others may wait for the answer. */
  private async approval(): Promise<void> {
    if (this.refused && patched('refusal-stands')) throw this.refused;
    if (!this.asking) {
      this.asking = CancellationScope.nonCancellable(() => this.askForMoney());
      this.asking.catch(() => undefined);
    }
    await Promise.race([this.asking, CancellationScope.current().cancelRequested]);
  }

  private async askForMoney(): Promise<void> {
    const dollars = (usd: number) => `$${usd.toFixed(4)}`;
    const name = `cost-${++this.costGates}`;
    const question = `The run has spent ${dollars(this.spentUsd)}, more than ${dollars(this.approvedUsd)}. Go on?`;
    const { decision, reason } = await this.ask(name, question);
    this.asking = undefined;
    if (decision === 'rejected') {
      this.refused = ApplicationFailure.nonRetryable(`Further cost was not approved: ${reason}`, 'APPROVAL_REFUSED');
      throw this.refused;
    }
    this.approvedUsd = this.spentUsd + this.stepUsd;
  }

  private decide(said: { gate: string | undefined; reason: string }, decision: GateDecision['decision']): GateDecision {
    const gate = this.findOpenGate(said.gate);
    return this.close(gate, { gate: gate.name, decision, reason: said.reason });
  }

  private close(gate: Gate, decision: GateDecision): GateDecision {
    gate.decision = decision;
    this.tell(`gate.resolved:${gate.name}`, { type: 'gate.resolved', ...decision });
    return decision;
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

  private findOpenGate(name: string | undefined): Gate {
    this.mustBeOpen();
    const open = this.gates.filter(({ decision }) => !decision);
    const found = name ? open.find((gate) => gate.name === name) : open[0];
    if (!name && open.length > 1)
      throw refusal('INVALID_FIELD', `gate: several are open: ${open.map((gate) => gate.name).join(', ')}.`);
    if (found) return found;
    const past = this.gates.filter((gate) => !name || gate.name === name).at(-1)?.decision;
    throw refusal(
      'GATE_CLOSED',
      past
        ? `The gate "${past.gate}" was ${past.decision} before.`
        : `No gate${name ? ` "${name}"` : ''} of the run is open.`,
    );
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

function refusal(code: FailureCode, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, code);
}
