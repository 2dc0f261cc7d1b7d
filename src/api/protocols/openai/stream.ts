/**
 * Streams a run as chat completion chunks. The text of its roles, one after the other, forms one message that ends with the answer. Drafts
 * of programs are sent as `reasoning_content`, like the reasoning of models that think first.
 */
import type { Context } from 'koa';
import type { RunResult, RunScope, SwarmDefinition } from '../../../contract';
import { failureNotice, type Frame, type ResetFrame } from '../../../events/frames';
import type { ApiError } from '../../errors';
import type { EventStream } from '../../sse';
import type { Services } from '../../services';
import { Transcript, type TurnFrame } from '../../transcript';
import { conclude, type Conclusion } from '../../wait';
import { toOpenAiError } from './errors';
import { makeChunk, chooseFinishReason, makeIdentity, makeUsageChunk } from './reply';

export interface ChunksOptions {
  scope: RunScope;
  swarm: SwarmDefinition;
  /** Whether the caller requested token usage. */
  withUsage: boolean;
  /** Called when the caller has disconnected before the end. */
  onHangUp(): void;
}

/** Replies to the request with the run's stream, from the beginning. */
export function streamChunks(ctx: Context, services: Services, options: ChunksOptions): void {
  const { scope, onHangUp } = options;
  const stream = services.streams.open(ctx);
  const chunks = new Chunks(stream, options);
  let isOver = false;
  const following = services.relay.fresh(scope.run_id, {
    frame: (json) => chunks.hear(JSON.parse(json) as Frame | ResetFrame),
    end: () => {
      isOver = true;
      void conclude(services, scope.run_id, chunks);
    },
  });
  stream.onLeave(() => {
    following.stop();
    if (!isOver) onHangUp();
  });
}

class Chunks implements Conclusion {
  private readonly identity;
  private transcript: Transcript;

  constructor(
    private readonly stream: EventStream,
    private readonly options: ChunksOptions,
  ) {
    this.identity = makeIdentity(options.scope);
    this.transcript = this.newTranscript();
    this.say({ role: 'assistant', content: '' });
  }

  hear(frame: Frame | ResetFrame): void {
    if (frame.event === 'run.reset') {
      this.say({ content: frame.content });
      this.transcript = this.newTranscript();
    } else if ('turn' in frame) this.transcript.hear(frame as TurnFrame);
  }

  complete(result: RunResult): void {
    this.transcript.finish(result);
    const last = makeChunk(this.identity, {}, chooseFinishReason(result));
    if (!this.options.withUsage) return this.stream.finish(last);
    this.stream.say(last);
    this.stream.finish(makeUsageChunk(this.identity, result));
  }

  fail(error: ApiError): void {
    this.transcript.finish();
    // a client that ignores the error would take the end for success
    this.say({ content: failureNotice(error.message) });
    this.stream.finish(toOpenAiError(error));
  }

  private newTranscript(): Transcript {
    return new Transcript(this.options.swarm, {
      say: ({ text }) => this.say({ content: text }),
      sayAside: ({ text }) => this.say({ reasoning_content: text }),
    });
  }

  private say(delta: Parameters<typeof makeChunk>[1]): void {
    this.stream.say(makeChunk(this.identity, delta));
  }
}
