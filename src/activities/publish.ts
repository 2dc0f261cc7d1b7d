/**
 * Publishes a turn's events while its text streams.
 *
 * One append is under way at a time. Text that arrives meanwhile is merged into the next one, so that a fast model costs fewer
 * events and a slow one has each token out at the end of the event-loop turn in which it came.
 */
import type { TurnNews, TurnRequest } from '../contract';
import type { Attempt, Effect, Entry, TurnStore } from '../redis/turns';

type Speaker = Pick<TurnRequest, 'run_id' | 'session_id' | 'team_id' | 'turn' | 'role' | 'label'>;

interface Queued {
  news: TurnNews;
  effect: Effect;
  /** Which model had been asked by then, if any. */
  asked: { model?: string };
}

/** The voice of one attempt. */
export class TurnPublisher {
  /** The turn's text as readers have it once all is drained. */
  text: string;
  private nextIndex: number;
  private asked: Queued['asked'] = {};
  private queue: Queued[] = [];
  /** Half a character (a high surrogate) whose other half has not come yet: Redis keeps UTF-8, which knows no halves. */
  private half = '';
  private sending: Promise<void> | undefined;
  private refusal: { why: unknown } | undefined;

  /** `onRefused` is called when the store refuses an append: this attempt has lost the right to write. */
  constructor(
    private readonly store: TurnStore,
    private readonly speaker: Speaker,
    private readonly attempt: Attempt,
    private readonly onRefused: (why: unknown) => void,
  ) {
    this.text = attempt.text;
    this.nextIndex = attempt.nextIndex;
  }

  /** Names the model that is asked from now on. */
  asks(model: string): void {
    this.asked = { model };
  }

  /** Publishes a piece of text, soon. */
  delta(text: string): void {
    const said = this.half + text;
    const piece = said.replace(/[\uD800-\uDBFF]$/, '').replace(/\p{Surrogate}/gu, '\uFFFD');
    this.half = said.slice(piece.length);
    if (!piece) return;
    const last = this.queue[this.queue.length - 1];
    if (last?.news.type === 'turn.delta') {
      last.news.text += piece;
      last.effect = { add: last.news.text };
    } else {
      const news: TurnNews = { type: 'turn.delta', text: piece, offset: this.text.length };
      this.queue.push({ news, effect: { add: piece }, asked: this.asked });
    }
    this.text += piece;
    this.sendSoon();
  }

  /** Publishes an event, soon, after everything before it. */
  tell(news: TurnNews, effect?: Effect): void {
    this.half = '';
    if (news.type === 'turn.restarted') this.text = '';
    this.queue.push({ news, effect, asked: this.asked });
    this.sendSoon();
  }

  /** Waits until everything is in Redis. Throws what the store refused with. */
  async drain(): Promise<void> {
    while (this.sending) await this.sending;
    if (this.refusal) throw this.refusal.why;
  }

  private sendSoon(): void {
    this.sending ??= new Promise<void>((resolve) => setImmediate(() => resolve(this.sendAll())));
  }

  private async sendAll(): Promise<void> {
    while (this.queue.length > 0 && !this.refusal) {
      const entries = this.queue.map((queued, i) => this.toEntry(queued, this.nextIndex + i));
      this.queue = [];
      try {
        await this.store.append(this.speaker.run_id, this.speaker.turn, this.attempt, this.nextIndex, entries);
        this.nextIndex += entries.length;
      } catch (why) {
        this.refusal = { why };
        this.onRefused(why);
      }
    }
    this.sending = undefined;
  }

  private toEntry({ news, effect, asked }: Queued, index: number): Entry {
    const { run_id, session_id, team_id, turn, role, label } = this.speaker;
    const { epoch } = this.attempt;
    return {
      event: { v: 1, run_id, session_id, team_id, at: Date.now(), turn, role, label, ...asked, epoch, index, ...news },
      effect,
    };
  }
}
