/**
 * One client connection to `WS /ws/swarm`. The client starts runs, follows and resumes them by cursor, and cancels them; one connection can
 * carry several runs. A client that requests no run receives all runs that its API key starts. An invalid frame is answered with an error
 * frame and has no other effect. Closing the connection cancels nothing.
 */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { RunScope } from '../contract';
import { writeCancelFrame, writeListeningFrame } from '../events/frames';
import type { Logger } from '../log';
import { toScope, readFrame, writePong, type ClientFrame, type ControlFrame, type Purpose } from './client-frames';
import { errorFrame, toApiError, type About } from './errors';
import type { LimitedCaller } from './limits/caller';
import type { HeldBytes, Release } from './limits/counters';
import { FrameQueue } from './limits/frame-queue';
import { TRY_AGAIN_LATER, type SocketLimits } from './limits/sockets';
import type { RunListeners } from './run-listeners';
import type { Services } from './services';
import { toSwarmId } from './team-names';

export interface ConversationOptions extends Pick<Services, 'runs' | 'relay' | 'swarms' | 'cancelRun'> {
  listeners: RunListeners;
  limits: SocketLimits;
  log: Logger;
}

/** The context of an error about a frame. */
interface FrameContext {
  about: About;
  purpose: Purpose;
}

interface QueuedFrame {
  data: RawData;
  bytes: HeldBytes;
}

const withRelease = (following: { stop(): void }, release: Release) => ({
  stop() {
    release();
    following.stop();
  },
});

/** One connection: the runs that it follows and the frames that it handles. */
export class Conversation {
  private readonly following = new Map<string, { stop(): void }>();
  private listening: { stop(): void } | undefined;
  private corked = false;

  constructor(
    private readonly client: WebSocket,
    private readonly options: ConversationOptions,
    private readonly caller: LimitedCaller,
    /** The transport below the WebSocket, to which the client's frames are written. */
    private readonly socket: Duplex,
    listens: boolean,
  ) {
    const { limits } = options;
    const bytes = limits.countBytes(caller, client, socket);
    const atOnce = limits.settings.MAX_FRAMES_PER_SOCKET;
    const frames = new FrameQueue<QueuedFrame>(client, atOnce, (frame) => this.answer(frame));
    client.on('close', () => {
      this.unlisten();
      this.following.forEach((one) => one.stop());
    });
    client.on('message', (data) => frames.push({ data, bytes: bytes.take() }));
    if (listens) this.listen();
  }

  private async answer({ data, bytes }: QueuedFrame): Promise<void> {
    const context: FrameContext = { about: {}, purpose: 'other' };
    try {
      await this.options.limits.frame(this.caller, (counted) => this.handle(data, context, counted));
    } catch (error) {
      const known = toApiError(error);
      if (known.code === 'INTERNAL') this.options.log.error({ error }, 'websocket frame failed');
      this.send(JSON.stringify(errorFrame(known, context.about, this.isEnd(context.purpose))));
    } finally {
      bytes.release();
    }
  }

  /** Whether an error is the last frame: clients stop reading at `done`, and must not do so while they follow a run. */
  private isEnd(purpose: Purpose): boolean {
    return purpose === 'run' || (purpose === 'other' && this.following.size === 0);
  }

  /** Records in `context` what the frame refers to, as soon as this is known. `counted` resolves when the frame may be executed. */
  private async handle(data: RawData, context: FrameContext, counted: Promise<unknown>): Promise<void> {
    const { purpose, read } = readFrame(data);
    context.purpose = purpose;
    const frame = read();
    if ('control' in frame) {
      await counted;
      return this.control(frame);
    }
    context.about = toScope(frame);
    await counted;
    if ('cancel' in frame) return this.cancel(frame.cancel);
    this.unlisten();
    if ('run_id' in frame) return this.resume(frame.run_id, frame.after);
    const order = { ...frame, swarm_id: toSwarmId(this.options.swarms, frame.swarm_id) };
    const run = this.options.runs.prepare(order);
    context.about = run;
    await this.start(order, run);
  }

  private control(frame: ControlFrame): void {
    switch (frame.control) {
      case 'ping':
        return this.send(writePong(frame));
      case 'ignore':
        return;
      case 'listen':
        this.listen();
        return this.send(JSON.stringify(writeListeningFrame(true)));
      case 'unlisten':
        if (typeof frame.run_id === 'string') return this.leave(frame.run_id);
        this.unlisten();
        return this.send(JSON.stringify(writeListeningFrame(false)));
    }
  }

  private listen(): void {
    this.listening ??= this.options.listeners.add(this.caller.tenant, (json) => this.send(json));
  }

  private unlisten(): void {
    this.listening?.stop();
    this.listening = undefined;
  }

  private async start(order: Extract<ClientFrame, { swarm_id: string }>, run: RunScope): Promise<void> {
    const { runs, relay } = this.options;
    const release = this.countFollow(run.run_id);
    this.follow(run.run_id, withRelease(relay.fresh(run.run_id, this.createSink(run.run_id)), release));
    try {
      await runs.start({ ...order, tenant: this.caller.tenant }, run);
    } catch (error) {
      this.leave(run.run_id);
      throw error;
    }
  }

  /** While this waits, another frame may request the same run, or the client may disconnect: nothing more is sent then. */
  private async resume(runId: string, after: string): Promise<void> {
    if (this.client.readyState !== this.client.OPEN) return;
    this.leave(runId);
    const release = this.countFollow(runId);
    const sink = this.createSink(runId);
    let isLeft = false;
    let stop = release;
    const entry = {
      stop() {
        isLeft = true;
        stop();
      },
    };
    this.follow(runId, entry);
    try {
      const following = await this.options.relay.resume(runId, after, {
        frame: (json) => void (isLeft || sink.frame(json)),
        end: () => void (isLeft || sink.end()),
      });
      stop = withRelease(following, release).stop;
      if (isLeft) stop();
    } catch (error) {
      if (this.following.get(runId) === entry) this.leave(runId);
      throw error;
    }
  }

  /** The run's final event, `run.cancelled`, reports the end of the run; this frame reports only the result of the request. */
  private async cancel(runId: string): Promise<void> {
    const found = await this.options.cancelRun(runId);
    this.send(JSON.stringify(writeCancelFrame(found, found.status === 'running')));
  }

  private countFollow(runId: string): Release {
    return this.options.limits.follow(this.caller, this.following.size - (this.following.has(runId) ? 1 : 0));
  }

  private follow(runId: string, following: { stop(): void }): void {
    if (this.client.readyState !== this.client.OPEN) return following.stop();
    this.following.set(runId, following);
  }

  private leave(runId: string): void {
    this.following.get(runId)?.stop();
    this.following.delete(runId);
  }

  private createSink(runId: string) {
    return { frame: (json: string) => this.send(json), end: () => this.leave(runId) };
  }

  private send(json: string): void {
    if (this.client.readyState !== this.client.OPEN) return;
    this.cork();
    this.client.send(json);
    if (this.client.bufferedAmount > this.options.limits.settings.MAX_UNSENT_MB)
      this.client.close(TRY_AGAIN_LATER, 'too slow: resume from your last cursor');
  }

  /** Frames that are sent in one turn of the event loop are written together, so that an API under load can catch up. */
  private cork(): void {
    if (this.corked) return;
    this.corked = true;
    this.socket.cork();
    process.nextTick(() => {
      this.corked = false;
      this.socket.uncork();
    });
  }
}
