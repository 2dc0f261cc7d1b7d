/** Gates: questions of a run that wait for a person's yes or no. */
import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { GateDecision, RunNews, Said, TurnResult } from '../contract';
import type { FailureCode } from '../contract/failures';

/** Publishes what happened to a run, once under that name. */
export type Tell = (name: string, news: RunNews) => void;

interface Gate {
  name: string;
  decision?: GateDecision;
}

export class Gates {
  private readonly all: Gate[] = [];

  constructor(
    private readonly tell: Tell,
    /** What was decided in the run that this one was forked from. */
    private readonly before: Said['decisions'] = {},
  ) {}

  /**
   * Opens a gate and waits, for days if need be, until a person has said yes or no. What a forked run has taken over unchanged was
   * decided before.
   */
  async ask(name: string, question: string, about?: TurnResult): Promise<GateDecision> {
    const gate: Gate = { name };
    this.all.push(gate);
    this.tell(`gate.opened:${name}`, { type: 'gate.opened', gate: name, question, about: about?.turn ?? null });
    const decided = about?.reused_from ? this.before[name] : undefined;
    if (decided) this.close(gate, decided);
    await condition(() => gate.decision !== undefined);
    return gate.decision!;
  }

  /** Without a name: the only one that is open. Throws as {@link mustBeOpen} does. */
  decide(said: { gate: string | undefined; reason: string }, decision: GateDecision['decision']): GateDecision {
    const gate = this.open(said.gate);
    return this.close(gate, { gate: gate.name, decision, reason: said.reason });
  }

  /** Throws `GATE_CLOSED`, or `INVALID_FIELD` where a name is needed to tell which of several is meant. */
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

  private close(gate: Gate, decision: GateDecision): GateDecision {
    gate.decision = decision;
    this.tell(`gate.resolved:${gate.name}`, { type: 'gate.resolved', ...decision });
    return decision;
  }
}

/** What an Update is refused with, or a run ends with. */
export function refusal(code: FailureCode, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, code);
}
