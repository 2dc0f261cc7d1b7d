/** A run as a stream of chat completion chunks: what its roles say, one after the other, as one message. */
import type { Context } from 'koa';
import type { RunResult, RunScope, SwarmDefinition } from '../../../contract';
import type { Frame, ResetFrame } from '../../../contract/frames';
import type { ApiError } from '../../errors';
import type { EventStream } from '../../sse';
import type { Services } from '../../services';
import { Transcript, type TurnFrame } from '../../transcript';
import { conclude, type Conclusion } from '../../wait';
import { toOpenAiError } from './errors';
import { chunkOf, finishOf, identityOf, usageChunkOf } from './reply';

export interface ChunksOptions {
  scope: RunScope;
  swarm: SwarmDefinition;
  /** Whether the caller wants to hear what was used. */
  withUsage: boolean;
  /** Called when the caller has left before the end. */
  onHangUp(): void;
}

/** Answers the request with the run's stream, from the beginning. */
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
    this.identity = identityOf(options.scope);
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
    this.transcript.finish();
    const last = chunkOf(this.identity, {}, finishOf(result));
    if (!this.options.withUsage) return this.stream.finish(last);
    this.stream.say(last);
    this.stream.finish(usageChunkOf(this.identity, result));
  }

  fail(error: ApiError): void {
    this.stream.finish(toOpenAiError(error));
  }

  private newTranscript(): Transcript {
    return new Transcript(this.options.swarm, ({ text }) => this.say({ content: text }));
  }

  private say(delta: object): void {
    this.stream.say(chunkOf(this.identity, delta));
  }
}
