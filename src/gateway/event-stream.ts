/**
 * Parses a gateway's event stream (WHATWG HTML, 9.2.6), packet by packet, without delaying any event.
 *
 * Why not a library: `eventsource-parser` silently skips unreadable lines, so text would be missing; it delays an event that ends with a
 * carriage return until more arrives; and it takes strings, so invalid UTF-8 could only be reported together with the events before it.
 */

import { isUtf8 } from 'node:buffer';

/** A longer event cannot be part of an answer. Bytes. */
const LONGEST_EVENT = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;
const COLON = 0x3a;
const CARRIAGE_RETURN = 0x0d;
const BRACE = 0x7b;
const LINE_END = /\r\n|[\r\n]/;

/** llama.cpp reported errors in a field `error:` until late 2025, which clients must ignore. */
const ERROR_FIELD = /^error: ?(\{.*\})/gm;
/** Valid starts of a line. */
const KNOWN_LINE = /^(?:data|event|id|retry)(?::|$)|^$/;
/** A field, and its value without the first space. */
const FIELD = /^(data|event)(?:: ?(.*))?$/su;
const DATA = Buffer.from('data: {');
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const DONE = /^data: ?\[DONE\]/m;

/**
 * Passes on the data of each event as soon as the event ends, up to `[DONE]`, for which it calls `onDone`. Throws if an event exceeds the
 * size limit, or contains something that clients would skip and the text would lack: a line with an unknown field, or invalid UTF-8.
 */
export class EventStreamParser {
  private readonly cutter = new EventCutter((event) => this.read(event));
  private isOver = false;

  constructor(
    private readonly onData: (data: string) => void,
    private readonly onDone: () => void = () => undefined,
  ) {}

  take(packet: Buffer): void {
    // anything a gateway sends after the end is not part of the answer
    if (!this.isOver) this.cutter.take(packet);
  }

  /** Call this when the stream has ended: the last event may lack its terminator. */
  end(): void {
    const rest = this.isOver ? NOTHING : this.cutter.end();
    if (rest.length > 0) this.read(rest);
  }

  private read(event: Buffer): void {
    if (this.isOver) return;
    if (!isUtf8(event)) throw new Error(UNREADABLE);
    if (isOneCompletion(event)) return this.onData(event.toString('utf8', DATA.length - 1));
    const text = event.toString();
    const lines = text.split(LINE_END);
    if (!lines.every((line) => KNOWN_LINE.test(line) || isComment(line))) throw new Error(UNREADABLE);
    const data = readData(lines);
    if (data !== undefined && !data.startsWith('[DONE]')) this.onData(data);
    if (!DONE.test(text)) return;
    this.isOver = true;
    this.onDone();
  }
}

const UNREADABLE = 'an event that holds bytes which are no UTF-8, or a line of no known field';

/** Whether the event is one line of JSON, as nearly all events are. */
function isOneCompletion(event: Buffer): boolean {
  for (let at = 0; at < DATA.length; at++) if (event[at] !== DATA[at]) return false;
  const lineEnd = event.indexOf(LINE_FEED);
  return (lineEnd < 0 || lineEnd === event.length - 1) && event.indexOf(CARRIAGE_RETURN) < 0;
}

/** Whether a line is a comment. If it ends like JSON, it is the rest of a completion whose start was lost. */
function isComment(line: string): boolean {
  return line.startsWith(':') && !/[}\]]$/.test(line.trimEnd());
}

/** Returns undefined if the lines are not an event, such as a comment. */
function readData(lines: readonly string[]): string | undefined {
  const fields = lines.flatMap((line) => {
    const [, name, value = ''] = FIELD.exec(line) ?? [];
    return name ? [{ name, value }] : [];
  });
  const isEvent = fields.some(({ name, value }) => name === 'data' || value !== '');
  return isEvent ? fields.flatMap(({ name, value }) => (name === 'data' ? [value] : [])).join('\n') : undefined;
}

/** Splits a byte stream into events, each without the empty line that ends it. */
export class EventCutter {
  private parts: Buffer[] = [];
  private length = 0;
  /** Whether no byte of the current line has arrived yet. */
  private atLineStart = true;
  private afterReturn = false;
  private isFirst = true;

  constructor(private readonly onEvent: (event: Buffer) => void) {}

  /** Passes on the events that end in the packet. */
  take(packet: Buffer): void {
    let from = 0;
    let next = 0;
    for (const at of findLineEnds(packet)) {
      if (at > next) this.enterLine();
      next = at + 1;
      const endsEvent = this.atLineStart;
      const isWhole = this.endLine(packet[at] === CARRIAGE_RETURN);
      // consecutive empty lines are empty events, and a line feed may belong to the previous line end: copy neither
      if (endsEvent && this.length === 0 && at === from) from = next;
      else if (endsEvent && isWhole) {
        this.close(packet.subarray(from, at));
        from = next;
      }
    }
    if (next < packet.length) this.enterLine();
    this.keep(packet.subarray(from));
  }

  /** Returns the received part of an unfinished event. */
  end(): Buffer {
    if (this.length === 0) return NOTHING;
    const whole = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    this.parts = [];
    this.length = 0;
    const begins = this.isFirst && whole.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    this.isFirst = false;
    return mended(begins ? whole.subarray(BYTE_ORDER_MARK.length) : whole);
  }

  private enterLine(): void {
    this.atLineStart = false;
    this.afterReturn = false;
  }

  /** Returns whether this is a separate line end: a line feed after a carriage return is the second half of one. */
  private endLine(isReturn: boolean): boolean {
    const isSecondHalf = !isReturn && this.afterReturn;
    this.afterReturn = isReturn;
    this.atLineStart = true;
    return !isSecondHalf;
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.length += part.length;
    if (this.length > LONGEST_EVENT) throw new Error(`an event of more than ${LONGEST_EVENT} bytes`);
    this.parts.push(part);
  }

  /** Adds the last part of an event and passes the event on, unless it is empty or a single comment, such as a heartbeat. */
  private close(last: Buffer): void {
    this.keep(last);
    const event = this.end();
    const isOneLine = event.indexOf(LINE_FEED) === event.length - 1;
    const isHeartbeat = event[0] === COLON && isOneLine && isComment(event.toString('latin1'));
    if (!isHeartbeat && event.length > 0) this.onEvent(event);
  }
}

/** Yields the positions of line feeds and carriage returns. Linear: each is searched for once. */
function* findLineEnds(packet: Buffer): Generator<number> {
  let feed = packet.indexOf(LINE_FEED);
  let back = packet.indexOf(CARRIAGE_RETURN);
  while (feed >= 0 || back >= 0) {
    const isFeed = back < 0 || (feed >= 0 && feed < back);
    yield isFeed ? feed : back;
    if (isFeed) feed = packet.indexOf(LINE_FEED, feed + 1);
    else back = packet.indexOf(CARRIAGE_RETURN, back + 1);
  }
}

/** Repairs non-standard error events. Only an event that may contain one is decoded, as latin1, since it need not be UTF-8. */
function mended(event: Buffer): Buffer {
  // bare JSON without a field: an error that was written into the stream as is
  if (event[0] === BRACE) return Buffer.concat([Buffer.from('data: '), event]);
  if (isOneCompletion(event) || event.indexOf('error: ') < 0) return event;
  return Buffer.from(event.toString('latin1').replace(ERROR_FIELD, 'data: {"error":$1}'), 'latin1');
}
