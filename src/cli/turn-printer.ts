/**
 * Prints the turns of a run one after another although they may run in parallel: the first open turn is live, the others are buffered until
 * they are next. Speakers and text go to one output, notes about them to another.
 */
import { toPrintableLine } from '../printable';
import type { StreamFrame } from './run-stream';

type Piece = { text: string } | { note: string };

export interface TextOutput {
  write: (text: string) => void;
  note: (line: string) => void;
  /** Whether text and notes appear on the same screen; text in a file is not interrupted for a note. */
  isShared: boolean;
}

/** One turn as it is printed. */
class ShownTurn {
  /** Buffered until the turn is live. */
  kept: Piece[] = [];
  closed = false;
  private lineOpen = false;

  constructor(
    readonly heading: string,
    /** Data for the run, such as the decision of a judge as JSON, is no text for people. */
    readonly isData: boolean,
    private readonly out: TextOutput,
  ) {}

  show(piece: Piece): void {
    if ('note' in piece) {
      if (this.out.isShared) this.endLine();
      this.out.note(piece.note);
    } else {
      this.out.write(piece.text);
      this.lineOpen = !piece.text.endsWith('\n');
    }
  }

  endLine(): void {
    if (this.lineOpen) this.out.write('\n');
    this.lineOpen = false;
  }
}

export class TurnPrinter {
  private readonly turns = new Map<string, ShownTurn>();
  private readonly waiting: ShownTurn[] = [];
  private live: ShownTurn | undefined;

  constructor(private readonly out: TextOutput) {}

  take(frame: StreamFrame): void {
    if (frame.event?.startsWith('check.')) return this.takeCheck(frame.about ?? '', frame);
    if (frame.turn === undefined) return;
    const turn = this.turns.get(frame.turn) ?? this.open(frame.turn, frame);
    // Text that was never shown can be dropped without a note.
    if (frame.event === 'turn.restarted' && turn !== this.live) turn.kept = [];
    else this.add(turn, { note: toPrintableLine(writeNote(frame)) });
    this.add(turn, { text: frame.content });
    turn.closed = frame.event === 'turn.completed' || frame.event === 'turn.failed';
    if (turn.closed) this.advance();
  }

  /** Prints everything still buffered: no more frames follow. */
  finish(): void {
    for (const turn of this.turns.values()) turn.closed = true;
    this.advance();
  }

  private open(id: string, frame: StreamFrame): ShownTurn {
    const isData = frame.place?.yields === 'data';
    const turn = new ShownTurn(toPrintableLine(writeHeading(frame)), isData, this.out);
    this.turns.set(id, turn);
    this.waiting.push(turn);
    this.advance();
    return turn;
  }

  /** The execution of a turn's code is told after its text, or at once if that has been printed. */
  private takeCheck(about: string, frame: StreamFrame): void {
    const turn = this.turns.get(about);
    for (const line of writeCheck(frame, turn?.heading ?? about)) {
      const note = toPrintableLine(line);
      if (turn && this.waiting.includes(turn)) turn.kept.push({ note });
      else if (turn && turn === this.live) turn.show({ note });
      else this.out.note(note);
    }
  }

  private add(turn: ShownTurn, piece: Piece): void {
    if (turn.isData && 'text' in piece) return;
    if (!('note' in piece ? piece.note : piece.text)) return;
    if (turn === this.live) turn.show(piece);
    else turn.kept.push(piece);
  }

  private advance(): void {
    while (!this.live || this.live.closed) {
      this.live?.endLine();
      this.live = this.waiting.shift();
      if (!this.live) return;
      if (!this.live.isData) this.out.write(`\n## ${this.live.heading}\n\n`);
      for (const piece of this.live.kept.splice(0)) this.live.show(piece);
    }
  }
}

function writeHeading({ label, role, model }: StreamFrame): string {
  const speaker = label ?? role ?? 'turn';
  return `${speaker}${model ? ` (${model})` : ''}`;
}

/** Maximum number of failed checks that are listed. */
const MOST_ERRORS = 5;

function writeCheck(frame: StreamFrame, speaker: string): string[] {
  const { event, language, executed, reason, killed, passed = 0, failed = 0, errors = [] } = frame;
  if (event === 'check.started') return [`-- executing the code of ${speaker} (${language})`];
  if (!executed) return [`-- not executed: ${reason ?? 'there is no code'}`];
  const stopped = killed ? `, stopped at its limit of ${killed}` : '';
  return [
    `-- ${passed} of ${passed + failed} checks passed${stopped}: ${speaker}`,
    ...errors.slice(0, MOST_ERRORS).map((error) => `-- ${error}`),
  ];
}

/** Additional information about an event for the user. */
const NOTES: Record<string, (frame: StreamFrame) => string> = {
  'turn.restarted': ({ model, why }) =>
    why === 'thinking'
      ? '-- the text of this turn above was thinking; the answer follows'
      : `-- the text of this turn above is dropped; it starts again${model ? ` with ${model}` : ''}`,
  'turn.resumed': () => '-- interrupted, continues where it stopped',
  'turn.waiting': ({ until, message, code }) =>
    `-- waits until ${new Date(until ?? Date.now()).toLocaleTimeString()}: ${message ?? code}`,
  'turn.rerouted': ({ from, to, message, code }) => `-- passed on from ${from} to ${to}: ${message ?? code}`,
  'turn.failed': ({ code, message }) => `-- failed, ${code}: ${message}`,
};

function writeNote(frame: StreamFrame): string {
  return NOTES[frame.event ?? '']?.(frame) ?? '';
}
