/**
 * How events are stored in a run's stream: as JSON, but for the pieces of a turn's text and thinking, of which there are thousands. A piece does not
 * repeat who speaks. It names the event of its turn that said so last, by the place in the stream: an array
 * `[seq, index, offset, ms since that event, text]`, with a 1 behind it where the text is thinking.
 *
 * A stream loses entries only at its end, and a stream that is made again keeps their order. So the event that a piece names is there for as long as the
 * piece is.
 */
import type { OfTurn, PlacedEvent, RunEvent } from '../contract';

type Piece = Extract<RunEvent, { type: 'turn.delta' | 'turn.thinking' }>;

/** What the pieces of a turn have in common with the event before them. */
const SHARED = ['v', 'run_id', 'session_id', 'team_id', 'turn', 'role', 'label', 'model', 'epoch'] as const;
type Shared = Pick<Piece, (typeof SHARED)[number]>;
/** What a piece says itself. */
const OWN = ['at', 'index', 'type', 'text', 'thinking', 'offset'] as const;
const KNOWN: ReadonlySet<string> = new Set([...SHARED, ...OWN]);

/** What a piece refers to. */
export type Reference = Shared & Pick<Piece, 'at'>;

/** One entry of a stream as ioredis gives it: its id, and its fields and values in turn. */
export type StreamEntry = [id: string, fields: string[]];

/** A piece without the place that it refers to, which the script puts in front of it (lua/append-turn-events.lua), begins with this. */
const PIECE_MARK = ',';

/** Stores the events of one attempt, each after the one before it. */
export class EventEncoder {
  private reference: Reference | undefined;

  encode(event: RunEvent): string {
    const { reference } = this;
    if (reference && isPiece(event) && isSharedBy(reference, event)) return encodePiece(event, reference);
    this.reference = toReference(event) ?? reference;
    return JSON.stringify(event);
  }
}

function isPiece(event: RunEvent): event is Piece {
  return event.type === 'turn.delta' || event.type === 'turn.thinking';
}

/** Not where the piece has a field that is not known here. */
function isSharedBy(reference: Reference, piece: Piece): boolean {
  return SHARED.every((name) => reference[name] === piece[name]) && Object.keys(piece).every((name) => KNOWN.has(name));
}

function encodePiece(piece: Piece, { at }: Reference): string {
  const isThinking = piece.type === 'turn.thinking';
  const text = JSON.stringify(isThinking ? piece.thinking : piece.text);
  return `${PIECE_MARK}${piece.index},${piece.offset},${piece.at - at},${text}${isThinking ? ',1' : ''}]`;
}

/** Undefined for an event of the run itself. */
function toReference(event: RunEvent): Reference | undefined {
  if (!('turn' in event && 'epoch' in event)) return undefined;
  const { v, run_id, session_id, team_id, at, turn, role, label, model, epoch } = event satisfies OfTurn;
  return { v, run_id, session_id, team_id, at, turn, role, label, ...(model === undefined ? {} : { model }), epoch };
}

type StoredPiece = [seq: number, index: number, offset: number, afterMs: number, text: string, isThinking?: 1];

/** So many references are kept. One that is not kept is read again. */
const MOST_REFERENCES = 5000;

/** Reads the entries of streams. `fetchEntry` reads the entry of a run with this id; undefined where there is none. */
export class EventDecoder {
  private readonly references = new Map<string, Reference>();

  constructor(private readonly fetchEntry: (runId: string, id: string) => Promise<StreamEntry | undefined>) {}

  /** Resolves to the events of these entries, which follow each other in the run's stream. */
  async decodeAll(runId: string, entries: readonly StreamEntry[]): Promise<PlacedEvent[]> {
    const events: PlacedEvent[] = [];
    for (const entry of entries) events.push(this.decode(runId, entry) ?? (await this.decodeLater(runId, entry)));
    return events;
  }

  /** Undefined where what the entry refers to is not known. */
  private decode(runId: string, [cursor, [, json = '']]: StreamEntry): PlacedEvent | undefined {
    if (json.startsWith('[')) {
      const stored = JSON.parse(json) as StoredPiece;
      const reference = this.references.get(nameReference(runId, cursor, stored[0]));
      return reference && { cursor, event: buildPiece(stored, reference) };
    }
    const event = JSON.parse(json) as RunEvent;
    const reference = toReference(event);
    if (reference) this.keep(`${runId} ${cursor}`, reference);
    return { cursor, event };
  }

  private async decodeLater(runId: string, entry: StreamEntry): Promise<PlacedEvent> {
    const [cursor, [, json = '']] = entry;
    const [seq] = JSON.parse(json) as StoredPiece;
    const id = `${readGeneration(cursor)}-${seq}`;
    const named = await this.fetchEntry(runId, id);
    if (named) this.decode(runId, named);
    const event = this.decode(runId, entry);
    // the stream has been replaced since; who reads on finds the new one
    if (!event) throw new Error(`The stream of run ${runId} has no event ${id} any more.`);
    return event;
  }

  private keep(name: string, reference: Reference): void {
    this.references.set(name, reference);
    if (this.references.size <= MOST_REFERENCES) return;
    const [oldest] = this.references.keys();
    if (oldest !== undefined) this.references.delete(oldest);
  }
}

function nameReference(runId: string, cursor: string, seq: number): string {
  return `${runId} ${readGeneration(cursor)}-${seq}`;
}

function readGeneration(cursor: string): string {
  return cursor.slice(0, cursor.indexOf('-'));
}

/** With its fields in the order that they have in events that are stored whole. */
function buildPiece([, index, offset, afterMs, text, isThinking]: StoredPiece, reference: Reference): Piece {
  const common = { ...reference, at: reference.at + afterMs, index };
  return isThinking
    ? { ...common, type: 'turn.thinking', thinking: text, offset }
    : { ...common, type: 'turn.delta', text, offset };
}
