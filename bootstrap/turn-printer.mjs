// @ts-check
// Shows the turns of a run one after the other although they may be spoken at the same time: the first that is open is
// live, the others are kept until it is their turn. Text goes to one place, what is said about it to another.

/** @typedef {import('./sse.mjs').Frame} Frame */
/** @typedef {{text: string} | {note: string}} Piece */

/** One turn as it is shown. */
class ShownTurn {
  /** @type {Piece[]} what waits for the turn to be live */
  kept = [];
  closed = false;
  #lineOpen = false;

  /**
   * @param {string} head
   * @param {Output} out
   */
  constructor(head, out) {
    this.head = head;
    this.out = out;
  }

  /** @param {Piece} piece */
  show(piece) {
    if ('note' in piece) {
      if (this.out.isShared) this.endLine();
      this.out.note(piece.note);
    } else {
      this.out.write(piece.text);
      this.#lineOpen = !piece.text.endsWith('\n');
    }
  }

  endLine() {
    if (this.#lineOpen) this.out.write('\n');
    this.#lineOpen = false;
  }
}

/**
 * @typedef {object} Output
 * @property {(text: string) => void} write
 * @property {(line: string) => void} note
 * @property {boolean} isShared whether text and notes meet on one screen; text in a file is not broken for a note
 */

export class TurnPrinter {
  /** @type {Map<string, ShownTurn>} */
  #turns = new Map();
  /** @type {ShownTurn[]} */
  #waiting = [];
  /** @type {ShownTurn | undefined} */
  #live;

  /** @param {Output} out */
  constructor(out) {
    this.out = out;
  }

  /** @param {Frame} frame */
  take(frame) {
    if (frame.turn === undefined) return;
    const turn = this.#turns.get(frame.turn) ?? this.#open(frame.turn, frame);
    // What was never shown needs no words when it is dropped.
    if (frame.event === 'turn.restarted' && turn !== this.#live) turn.kept = [];
    else this.#add(turn, { note: noteOf(frame) });
    this.#add(turn, { text: frame.content });
    turn.closed = frame.event === 'turn.completed' || frame.event === 'turn.failed';
    if (turn.closed) this.#advance();
  }

  /** Shows what is still kept: nothing more comes. */
  finish() {
    for (const turn of this.#turns.values()) turn.closed = true;
    this.#advance();
  }

  /**
   * @param {string} id
   * @param {Frame} frame
   */
  #open(id, frame) {
    const turn = new ShownTurn(headOf(frame), this.out);
    this.#turns.set(id, turn);
    this.#waiting.push(turn);
    this.#advance();
    return turn;
  }

  /**
   * @param {ShownTurn} turn
   * @param {Piece} piece
   */
  #add(turn, piece) {
    if (!('note' in piece ? piece.note : piece.text)) return;
    if (turn === this.#live) turn.show(piece);
    else turn.kept.push(piece);
  }

  #advance() {
    while (!this.#live || this.#live.closed) {
      this.#live?.endLine();
      this.#live = this.#waiting.shift();
      if (!this.#live) return;
      this.out.note(this.#live.head);
      for (const piece of this.#live.kept.splice(0)) this.#live.show(piece);
    }
  }
}

/** @param {Frame} frame */
function headOf({ label, role, model }) {
  const who = label ?? role ?? 'turn';
  return `-- ${who}${role && role !== who ? ` (${role})` : ''}${model ? `, ${model}` : ''}`;
}

/** What a person should know about an event, beyond its text. @type {Record<string, (frame: Frame) => string>} */
const NOTES = {
  'turn.restarted': ({ model }) =>
    `-- the text of this turn above is dropped; it starts again${model ? ` with ${model}` : ''}`,
  'turn.resumed': () => '-- interrupted, goes on where it stopped',
  'turn.waiting': ({ until, message, code }) =>
    `-- waits until ${new Date(until ?? Date.now()).toLocaleTimeString()}: ${message ?? code}`,
  'turn.rerouted': ({ from, to, message, code }) => `-- passed on from ${from} to ${to}: ${message ?? code}`,
  'turn.failed': ({ code, message }) => `-- failed, ${code}: ${message}`,
};

/** @param {Frame} frame */
function noteOf(frame) {
  return NOTES[frame.event ?? '']?.(frame) ?? '';
}
