/**
 * The parent's end of the two pipes to a child. It knows which message may come next: one `warm`, then for each request any output and one
 * answer that repeats the secret of that request. Any other message closes the channel; no received data can make it throw.
 */
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { encodeFrame, FrameReader } from './frames';
import { ANSWER_LIMIT, OUTPUT_BATCH, type CommandReplies, type Request, type SealedRequest } from '../guest/protocol';
import { InvalidMessage, readMessage, readResult, readWarm } from './messages';

const SECRET_BYTES = 16;
/** An honest child sends its output in batches, and the remainder before each answer. */
const SPARE_OUTPUTS = 16;

export interface ChannelOptions {
  requests: Writable;
  answers: Readable;
  /** The maximum output, in characters. */
  outputLimit: number;
  onWarm(): void;
  onOutput(text: string): void;
  /** Called when the output exceeds the limit. */
  onOverrun(): void;
  /** Called once, when the child has broken the protocol; further messages are ignored. */
  onTampering(why: string): void;
  /** Called once, when the child can send nothing more. */
  onEnd(): void;
}

/** Rejects a request whose child ended before it answered. */
export class ChannelClosed extends Error {}

interface Pending {
  kind: Request['kind'];
  secret: string;
  resolve(result: never): void;
  reject(error: ChannelClosed): void;
}

export class Channel {
  private state: 'starting' | 'idle' | 'answering' | 'closed' = 'starting';
  private readonly frames = new FrameReader(ANSWER_LIMIT);
  private pending: Pending | undefined;
  private requestCount = 0;
  private outputCount = 0;
  private outputLength = 0;

  constructor(private readonly options: ChannelOptions) {
    const { requests, answers } = options;
    // a child that has ended or does not read is detected by its missing answer
    requests.on('error', () => undefined);
    answers.on('data', (chunk: Buffer) => this.receive(chunk));
    answers.once('error', () => this.end());
    answers.once('end', () => this.end());
    answers.once('close', () => this.end());
  }

  /** Rejects with `ChannelClosed` if there will be no answer. Only one request at a time. */
  ask<K extends Request['kind']>(request: Extract<Request, { kind: K }>): Promise<CommandReplies[K]> {
    if (this.state !== 'idle') return Promise.reject(new ChannelClosed(`The channel is ${this.state}.`));
    const secret = randomBytes(SECRET_BYTES).toString('hex');
    this.state = 'answering';
    this.requestCount++;
    const answered = new Promise<CommandReplies[K]>((resolve, reject) => {
      this.pending = { kind: request.kind, secret, resolve, reject };
    });
    this.options.requests.write(encodeFrame(JSON.stringify({ ...request, secret } satisfies SealedRequest)));
    return answered;
  }

  /** Signals that there are no more requests; the child then exits by itself. */
  finish(): void {
    this.options.requests.end();
  }

  /** Stops reading: data that the child has sent so far may be incomplete. */
  close(): void {
    this.state = 'closed';
    this.options.answers.destroy();
    this.options.requests.destroy();
    const { pending } = this;
    this.pending = undefined;
    pending?.reject(new ChannelClosed('The child has ended.'));
  }

  private get isClosed(): boolean {
    return this.state === 'closed';
  }

  private receive(chunk: Buffer): void {
    if (this.isClosed) return;
    try {
      this.frames.add(chunk);
      for (let body = this.frames.next(); body && !this.isClosed; body = this.frames.next()) this.accept(body);
    } catch (error) {
      this.reportTampering(error instanceof InvalidMessage ? error.message : 'a message can not be read');
    }
  }

  private accept(body: Buffer): void {
    if (this.state === 'starting') {
      readWarm(body);
      this.state = 'idle';
      return this.options.onWarm();
    }
    if (this.state !== 'answering') throw new InvalidMessage('a message came that nothing had asked for');
    const message = readMessage(body);
    if (message.kind === 'output') return this.acceptOutput(message.text);
    this.acceptAnswer(message);
  }

  private acceptOutput(text: string): void {
    this.outputLength += text.length;
    this.outputCount++;
    const { outputLimit, onOutput, onOverrun } = this.options;
    const most = SPARE_OUTPUTS + this.requestCount + outputLimit / OUTPUT_BATCH;
    if (this.outputCount > most) throw new InvalidMessage('output came in too many pieces');
    if (this.outputLength > outputLimit) return onOverrun();
    onOutput(text);
  }

  private acceptAnswer({ secret, result }: { secret: string; result?: unknown }): void {
    const { pending } = this;
    if (!pending || secret !== pending.secret)
      throw new InvalidMessage('an answer does not repeat the secret of its request');
    const read = readResult(pending.kind, result);
    this.pending = undefined;
    this.state = 'idle';
    pending.resolve(read as never);
  }

  private end(): void {
    if (this.isClosed) return;
    if (this.frames.isInFrame) return this.reportTampering('the last message is not complete');
    this.close();
    this.options.onEnd();
  }

  private reportTampering(why: string): void {
    this.close();
    this.options.onTampering(why);
  }
}
