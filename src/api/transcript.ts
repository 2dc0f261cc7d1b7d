/**
 * Puts what several roles say at once into one text. Earlier clients append every token to a single answer, so one role has the
 * floor at a time: it is heard live, and what the others say meanwhile follows when it has finished.
 */
import type { Frame, SwarmDefinition } from '../contract';

/** A frame of a turn's event. */
export type TurnFrame = Frame & { turn: string; label: string; model?: string };

interface Waiting {
  label: string;
  text: string;
  over: boolean;
}

/** A piece of the text, and the turn that it belongs to. */
export interface Piece {
  turn: string;
  label: string;
  text: string;
}

const ENDS = ['turn.completed', 'turn.failed'];

/** Of a swarm's run: who speaks is said where several do. */
export class Transcript {
  private floor: string | undefined;
  private readonly waiting = new Map<string, Waiting>();
  private readonly headed: boolean;

  constructor(
    { stages, roles }: SwarmDefinition,
    private readonly say: (piece: Piece) => void,
  ) {
    this.headed = Boolean(stages) || Object.keys(roles).length > 1;
  }

  hear(frame: TurnFrame): void {
    const { turn, label, event, content } = frame;
    const over = ENDS.includes(event);
    if (this.floor === undefined && !over) this.giveFloor(turn, label);
    if (turn === this.floor) {
      if (content) this.say({ turn, label, text: content });
      if (over) this.passOn();
      return;
    }
    this.hold(turn, label, event === 'turn.restarted' ? undefined : content, over);
  }

  /** Says what is left. */
  finish(): void {
    this.floor = undefined;
    for (const [turn, { label, text }] of this.waiting) {
      this.giveFloor(turn, label);
      this.say({ turn, label, text });
    }
    this.waiting.clear();
  }

  /** `text` undefined drops what was held: nobody has seen it. */
  private hold(turn: string, label: string, text: string | undefined, over: boolean): void {
    const held = this.waiting.get(turn) ?? { label, text: '', over: false };
    held.text = text === undefined ? '' : held.text + text;
    held.over ||= over;
    if (held.over && !held.text) this.waiting.delete(turn);
    else this.waiting.set(turn, held);
  }

  private passOn(): void {
    this.floor = undefined;
    for (const [turn, { label, text, over }] of [...this.waiting]) {
      this.waiting.delete(turn);
      this.giveFloor(turn, label);
      if (text) this.say({ turn, label, text });
      if (!over) return;
      this.floor = undefined;
    }
  }

  private giveFloor(turn: string, label: string): void {
    this.floor = turn;
    if (this.headed) this.say({ turn, label, text: `\n\n### ${label}\n\n` });
  }
}
