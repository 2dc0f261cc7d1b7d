/** Everything one client received of one job, with timestamps. */
import { now } from '../../test/support/scripted-gateway';

export interface Piece {
  turn: string;
  text: string;
  at: number;
}

/** The fields of a frame that are used here; `direct` sends only the first four. */
interface Frame {
  event: string;
  content: string;
  done: boolean;
  turn?: string;
  cursor?: string;
  offset?: number;
  error?: { code: string; message: string };
}

export class Transcript {
  readonly sentAt = now();
  /** When the last frame of the job arrived. */
  endedAt = NaN;
  /** The name of the last frame's event, or what ended the connection instead. */
  ending = 'no end';
  /** Number of texts restarted and continued by a later attempt. */
  restarts = 0;
  resumes = 0;
  readonly pieces: Piece[] = [];
  readonly texts = new Map<string, string>();
  /** Frames that were missing, repeated or out of order, by their own numbers. */
  misplaced = 0;
  private frames = 0;

  constructor(private readonly onPiece?: (received: Transcript) => void) {}

  get completed(): boolean {
    return this.ending === 'run.completed';
  }

  take(json: string, at: number): void {
    const frame = JSON.parse(json) as Frame;
    this.frames += 1;
    if (frame.cursor !== undefined && Number(frame.cursor.split('-')[1]) !== this.frames) this.misplaced += 1;
    if (frame.event === 'turn.delta') this.hear(frame, at);
    if (frame.event === 'turn.resumed') this.resumes += 1;
    if (frame.event === 'turn.restarted') {
      this.restarts += 1;
      this.texts.set(frame.turn ?? '', '');
    }
    if (!frame.done) return;
    this.endedAt = at;
    this.ending = frame.error ? `${frame.error.code}: ${frame.error.message}` : frame.event;
  }

  private hear({ turn = '', content, offset }: Frame, at: number): void {
    const before = this.texts.get(turn) ?? '';
    if (offset !== undefined && offset !== before.length) this.misplaced += 1;
    this.texts.set(turn, before + content);
    this.pieces.push({ turn, text: content, at });
    this.onPiece?.(this);
  }
}
