/** Gates: questions of a run that wait for a person's approval or rejection. */
import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { GateDecision, RunPayload, GivenSteering, TurnResult } from '../contract';
import type { FailureCode } from '../contract/failures';
import type { RunState } from '../contract/names';
import { showState } from './shown-state';

/** Publishes an event of a run; at most once per name. */
export type Tell = (name: string, payload: RunPayload) => void;

interface Gate {
  name: string;
  decision?: GateDecision;
}

export class Gates {
  private readonly all: Gate[] = [];
  private shown: RunState = 'running';

  constructor(
    private readonly tell: Tell,
    /** Decisions in the run that this one was forked from. */
    private readonly before: GivenSteering['decisions'] = {},
  ) {}

  /**
   * Opens a gate and waits, without a time limit, until a person has approved or rejected. In a forked run, a gate about a turn that was
   * taken over unchanged reuses the earlier decision.
   */
  async ask(name: string, question: string, about?: TurnResult): Promise<GateDecision> {
    const gate: Gate = { name };
    this.all.push(gate);
    this.tell(`gate.opened:${name}`, { type: 'gate.opened', gate: name, question, about: about?.turn ?? null });
    const decided = about?.reused_from ? this.before[name] : undefined;
    if (decided) this.close(gate, decided);
    else this.showIfOpen();
    await condition(() => gate.decision !== undefined);
    this.showIfOpen();
    return gate.decision!;
  }

  /** Decides a gate; without a name, the only open one. Throws like {@link mustBeOpen}. */
  decide(request: { gate: string | undefined; reason: string }, decision: GateDecision['decision']): GateDecision {
    const gate = this.open(request.gate);
    return this.close(gate, { gate: gate.name, decision, reason: request.reason });
  }

  /** Throws `GATE_CLOSED`, or `INVALID_FIELD` if several gates are open and no name is given. */
  mustBeOpen(name: string | undefined): void {
    this.open(name);
  }

  private open(name: string | undefined): Gate {
    const open = this.all.filter(({ decision }) => !decision);
    const found = name ? open.find((gate) => gate.name === name) : open[0];
    if (!name && open.length > 1)
      throw refusal('INVALID_FIELD', `gate: several are open: ${open.map((gate) => gate.name).join(', ')}.`);
    if (found) return found;
    const past = this.all.filter((gate) => !name || gate.name === name).at(-1)?.decision;
    throw refusal(
      'GATE_CLOSED',
      past
        ? `The gate "${past.gate}" was ${past.decision} before.`
        : `No gate${name ? ` "${name}"` : ''} of the run is open.`,
    );
  }

  private showIfOpen(): void {
    const state = this.all.some(({ decision }) => !decision) ? 'needs_approval' : 'running';
    if (state === this.shown) return;
    this.shown = state;
    showState(state);
  }

  private close(gate: Gate, decision: GateDecision): GateDecision {
    gate.decision = decision;
    this.tell(`gate.resolved:${gate.name}`, { type: 'gate.resolved', ...decision });
    return decision;
  }
}

/** A non-retryable failure that refuses an Update or ends a run. */
export function refusal(code: FailureCode, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, code);
}
