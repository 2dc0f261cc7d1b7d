/**
 * Merges the text of concurrent roles into one text, for clients that append every piece to a single answer. One role has the floor at a
 * time and is streamed live; the text of the others is held and follows when that role has finished. Program drafts, which may still be
 * dropped, and turns that are data are not part of the text. The answer comes last, as in the reply of a run that does not stream.
 */
import type { RunResult, SwarmDefinition } from '../contract';
import type { Frame } from '../events/frames';
import type { TurnPlace } from '../contract/shapes';
import { toReply } from './results';

/** A frame of a turn event. */
export type TurnFrame = Frame & { turn: string; label: string; model?: string; place?: TurnPlace };

interface Waiting {
  label: string;
  text: string;
  over: boolean;
}

/** A piece of the text, and its turn. */
export interface Piece {
  turn: string;
  label: string;
  text: string;
}

/** Receives the pieces. */
export interface TranscriptSink {
  say(piece: Piece): void;
  /** Receives what is not part of the text: program drafts while they are written. */
  sayAside?(piece: Piece): void;
}

const ENDS = ['turn.completed', 'turn.failed'];
/** The separator between several responses. */
const BETWEEN = '\n\n';

/** The transcript of a swarm's run, from its first event. */
export class Transcript {
  private readonly headed: boolean;
  private readonly text: Floor;
  private readonly say: (piece: Piece) => void;
  private readonly aside: Floor;
  /** By turn, from its first frame on. */
  private readonly yields = new Map<string, TurnPlace['yields']>();
  /** All text that was sent. */
  private sent = '';

  constructor(swarm: Pick<SwarmDefinition, 'stages' | 'roles'>, { say, sayAside = () => undefined }: TranscriptSink) {
    this.headed = Boolean(swarm.stages) || Object.keys(swarm.roles).length > 1;
    this.say = (piece) => {
      this.sent += piece.text;
      say(piece);
    };
    this.text = new Floor(this.headed, this.say);
    this.aside = new Floor(true, sayAside);
  }

  hear(frame: TurnFrame): void {
    const { turn, place } = frame;
    if (place) this.yields.set(turn, place.yields);
    const yields = this.yields.get(turn);
    if (yields !== 'data') (yields === 'draft' ? this.aside : this.text).hear(frame);
  }

  /** Sends the remaining text, and the answer if the text does not already end with it. */
  finish(result?: RunResult): void {
    this.aside.finish();
    this.text.finish();
    if (result) this.answer(toReply(result));
  }

  private answer({ responses, answers, turns }: ReturnType<typeof toReply>): void {
    const answer = responses.join(BETWEEN);
    if (!answer || (responses.length === 1 && this.sent.endsWith(answer))) return;
    const [turn = ''] = answers;
    const spoken = answers.length === 1 ? turns.find((one) => one.turn === turn) : undefined;
    const label = spoken ? `Answer: ${spoken.label}` : 'Answer';
    this.say({ turn, label, text: this.headed ? `\n\n### ${label}\n\n${answer}` : answer });
  }
}

/** Gives the floor to one turn at a time. */
class Floor {
  private floor: string | undefined;
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly headed: boolean,
    private readonly say: (piece: Piece) => void,
  ) {}

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

  /** Sends the remaining text. */
  finish(): void {
    this.floor = undefined;
    for (const [turn, { label, text }] of this.waiting) {
      this.giveFloor(turn, label);
      this.say({ turn, label, text });
    }
    this.waiting.clear();
  }

  /** If `text` is undefined, drops the held text, which nobody has seen. */
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
