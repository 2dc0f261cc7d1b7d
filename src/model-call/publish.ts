/**
 * Publishes a turn's events while its text streams.
 *
 * At most one append is in flight. Text that arrives meanwhile is merged into the next one, so a fast model causes fewer events. A slow
 * model's token is sent at the end of the event-loop turn in which it arrived, unless the process has many active turns
 * (append-schedule.ts).
 */
import type { TurnPayload, TurnRequest } from '../contract';
import type { AttemptRecord, Effect, Entry, TurnStore } from '../redis/turns';
import { AppendSchedule } from './append-schedule';

type Speaker = Pick<TurnRequest, 'run_id' | 'session_id' | 'team_id' | 'turn' | 'role' | 'label' | 'place'>;

const processSchedule = new AppendSchedule();

/** Maximum thinking text that is published per call, because readers keep all of it. UTF-16 units. */
const MOST_SHOWN_THINKING = 200_000;

interface Queued {
  payload: TurnPayload;
  effect: Effect;
  /** The model asked at that time, if any. */
  asked: { model?: string };
}

/** Publishes the events of one attempt. */
export class TurnPublisher {
  /** The turn's text as readers have it once everything is drained. */
  text: string;
  private nextIndex: number;
  private asked: Queued['asked'] = {};
  private queue: Queued[] = [];
  private readonly whole = new WholeCharacters();
  /** The current call's thinking text, and how much of it is published. */
  private thoughts = '';
  private shownThoughts = 0;
  private readonly wholeThoughts = new WholeCharacters();
  private sending: Promise<void> | undefined;
  private refusal: { why: unknown } | undefined;
  /** Whether the next append is waiting for the schedule. */
  private isScheduled = false;
  /** Whether the queued events must be sent without waiting for other appends. */
  private isUrgent = false;

  /** `onRefused` is called when the store refuses an append: this attempt may no longer write. */
  constructor(
    private readonly store: TurnStore,
    private readonly speaker: Speaker,
    private readonly attempt: AttemptRecord,
    private readonly onRefused: (why: unknown) => void,
    private readonly schedule = processSchedule,
    /** Nothing is published before it resolves; if it rejects, nothing at all. */
    private held: Promise<void> | undefined = undefined,
  ) {
    this.text = attempt.text;
    this.nextIndex = attempt.nextIndex;
  }

  /** Sets the model that is asked from now on. */
  asks(model: string): void {
    this.asked = { model };
  }

  /** Queues a piece of text for publication. */
  delta(text: string): void {
    const piece = this.whole.take(text);
    if (!piece) return;
    const last = this.queue[this.queue.length - 1];
    if (last?.payload.type === 'turn.delta') {
      last.payload.text += piece;
      last.effect = { add: last.payload.text };
    } else {
      const payload: TurnPayload = { type: 'turn.delta', text: piece, offset: this.text.length };
      this.queue.push({ payload, effect: { add: piece }, asked: this.asked });
    }
    this.text += piece;
    this.sendSoon();
  }

  /** Starts a new call, whose thinking text replaces that of the previous call. */
  beginThinking(): void {
    this.wholeThoughts.drop();
    this.thoughts = '';
    this.shownThoughts = 0;
  }

  /** The current call's thinking text. */
  get thinking(): string {
    return this.thoughts;
  }

  /** Queues a piece of thinking text for publication, up to {@link MOST_SHOWN_THINKING}. */
  think(thinking: string): void {
    const whole = this.wholeThoughts.take(thinking);
    this.thoughts += whole;
    const piece = whole.slice(0, Math.max(0, MOST_SHOWN_THINKING - this.shownThoughts)).replace(/[\uD800-\uDBFF]$/, '');
    if (!piece) return;
    const last = this.queue[this.queue.length - 1];
    if (last?.payload.type === 'turn.thinking' && this.shownThoughts > 0) last.payload.thinking += piece;
    else {
      const payload: TurnPayload = { type: 'turn.thinking', thinking: piece, offset: this.shownThoughts };
      this.queue.push({ payload, effect: undefined, asked: this.asked });
    }
    this.shownThoughts += piece.length;
    this.sendSoon();
  }

  /** Retracts the turn's text, because all of it was thinking, and publishes it as thinking. */
  retract(thinking: string, model: string): void {
    if (this.text)
      this.tell({ type: 'turn.restarted', dropped: this.text.length, model, why: 'thinking' }, { drop: true });
    this.beginThinking();
    this.think(thinking);
  }

  /** Queues an event for publication, after everything queued before it. */
  tell(payload: TurnPayload, effect?: Effect): void {
    this.whole.drop();
    if (payload.type === 'turn.restarted') this.text = '';
    this.queue.push({ payload, effect, asked: this.asked });
    this.hurry();
    this.sendSoon();
  }

  /** Waits until everything is in Redis. Throws the store's refusal. */
  async drain(): Promise<void> {
    if (this.sending) this.hurry();
    while (this.sending) await this.sending;
    if (this.refusal) throw this.refusal.why;
  }

  private hurry(): void {
    this.isUrgent = true;
    if (this.isScheduled) this.schedule.hurry();
  }

  private sendSoon(): void {
    if (!this.refusal) this.sending ??= this.sendAll();
  }

  private async sendAll(): Promise<void> {
    if (this.held) await this.held.catch((why: unknown) => this.refuse(why));
    this.held = undefined;
    while (this.queue.length > 0 && !this.refusal) {
      this.isScheduled = true;
      await this.schedule.join(this.isUrgent);
      this.isScheduled = false;
      this.isUrgent = false;
      const entries = this.queue.map((queued, i) => this.toEntry(queued, this.nextIndex + i));
      this.queue = [];
      try {
        await this.store.append(this.speaker.run_id, this.speaker.turn, this.attempt, this.nextIndex, entries);
        this.nextIndex += entries.length;
      } catch (why) {
        this.refuse(why);
      }
    }
    this.sending = undefined;
  }

  private refuse(why: unknown): void {
    this.refusal = { why };
    this.onRefused(why);
  }

  private toEntry({ payload, effect, asked }: Queued, index: number): Entry {
    const { run_id, session_id, team_id, turn, role, label, place } = this.speaker;
    const { epoch } = this.attempt;
    const envelope = { v: 1, run_id, session_id, team_id, at: Date.now(), turn, role, label } as const;
    return {
      event: { ...envelope, ...asked, epoch, index, ...(index === 0 ? { place } : {}), ...payload },
      effect,
    };
  }
}

/** Holds back a high surrogate until its low surrogate arrives: Redis stores UTF-8, which cannot encode single surrogates. */
class WholeCharacters {
  private half = '';

  take(text: string): string {
    const joined = this.half + text;
    const piece = joined.replace(/[\uD800-\uDBFF]$/, '').replace(/\p{Surrogate}/gu, '\uFFFD');
    this.half = joined.slice(piece.length);
    return piece;
  }

  drop(): void {
    this.half = '';
  }
}
