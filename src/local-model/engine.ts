// Runs a loaded model: a bounded FIFO queue in front of its slots, and a loop that advances all busy slots by one batch at a time. Sharing
// one batch per loop iteration makes parallel answers cheaper than sequential ones.
import type { GenerationRequest } from './chat-request';
import { LocalModelFailure } from './failures';
import { Generation, type GenerationStep } from './generation';
import type { LanguageModel } from './language-model';
import { buildPrompt } from './prompt';
import { chooseSlot, type Slot } from './slots';

/** Prompt tokens in one batch. Measured on one thread: above 32, larger batches are no faster, only slower to cancel. */
export const PROMPT_TOKENS_PER_BATCH = 64;

/** The same while an answer streams: its next token waits for the whole batch. */
const PROMPT_TOKENS_BESIDE_ANSWERS = 32;

const DEFAULT_QUEUE_LIMIT = 256;

/** No text has this many characters per token; a longer text is rejected before it blocks the event loop for seconds. */
const MAX_CHARACTERS_PER_TOKEN = 24;

/** Answers requests with one model. */
export interface ModelEngine {
  /**
   * Queues a request. Throws `context_length_exceeded` or `rate_limit_exceeded` immediately; later failures are thrown by the iteration.
   * Aborting the signal frees the slot (or the place in the queue) within one batch.
   */
  submit(request: GenerationRequest, signal: AbortSignal): AsyncIterable<GenerationStep>;
  /** Aborts all requests, then unloads the model. */
  stop(): Promise<void>;
}

/** Creates the engine of a model. Requests beyond the number of slots wait; requests beyond `queueLimit` are rejected. */
export function createEngine(model: LanguageModel, { queueLimit = DEFAULT_QUEUE_LIMIT } = {}): ModelEngine {
  return new BatchingEngine(model, queueLimit);
}

class BatchingEngine implements ModelEngine {
  private readonly slots: readonly Slot[];
  private readonly waiting: Generation[] = [];
  private uses = 0;
  private isStopped = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly model: LanguageModel,
    private readonly queueLimit: number,
  ) {
    this.slots = model.sequences.map((sequence) => ({ sequence, generation: undefined, lastUsed: 0 }));
  }

  submit(request: GenerationRequest, signal: AbortSignal): AsyncIterable<GenerationStep> {
    if (this.isStopped) throw stoppedFailure();
    const { model } = this;
    assertCharactersFit(request, model.contextLength);
    const prompt = buildPrompt(request.messages, model);
    if (prompt.length >= model.contextLength) throw tooLong(`${prompt.length}`, model.contextLength);
    if (this.waiting.length >= this.queueLimit) {
      throw new LocalModelFailure('rate_limit_exceeded', `${this.waiting.length} requests are waiting already.`);
    }
    const generation = new Generation({ model, prompt, request, signal });
    this.waiting.push(generation);
    const leave = (): void => {
      this.leaveQueue(generation);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.wake();
    return generation.output;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const busy = this.slots.flatMap(({ generation }) => generation ?? []);
    for (const generation of [...this.waiting.splice(0), ...busy]) generation.fail(stoppedFailure());
    await this.running;
    await this.model.dispose();
  }

  /** Frees the place immediately: the queue may be full of other callers' requests. */
  private leaveQueue(generation: Generation): void {
    const index = this.waiting.indexOf(generation);
    if (index < 0) return;
    this.waiting.splice(index, 1);
    generation.output.destroy();
  }

  private wake(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      // A request may have arrived after the loop's last check.
      if (this.waiting.length > 0) this.wake();
    });
  }

  private async run(): Promise<void> {
    do {
      await this.fillSlots();
      const busy = this.slots.filter((slot) => slot.generation !== undefined);
      await Promise.all(shareBudget(busy).map(([slot, budget]) => this.advance(slot, budget)));
    } while (this.waiting.length > 0 || this.slots.some((slot) => slot.generation !== undefined));
  }

  /** Runs between batches, so that no sequence changes while another one copies it. */
  private async fillSlots(): Promise<void> {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const choice = chooseSlot(this.slots, next.prompt.tokens);
      if (choice === undefined) return;
      this.waiting.shift();
      const { slot, shared, from } = choice;
      slot.generation = next;
      slot.lastUsed = this.uses += 1;
      next.start(slot.sequence, from ? await slot.sequence.copyFrom(from, shared) : shared);
    }
  }

  private async advance(slot: Slot, promptBudget: number): Promise<void> {
    const { generation } = slot;
    if (generation === undefined) return;
    try {
      if (!generation.isOver) await generation.step(promptBudget);
    } catch (cause) {
      generation.fail(new LocalModelFailure('internal_error', 'The local model failed.', null, { cause }));
      // After a failed evaluation, the content of the sequence is unknown.
      await slot.sequence.truncate(0);
    }
    if (!generation.isOver) return;
    await generation.release();
    slot.generation = undefined;
  }
}

/**
 * Returns the slots to advance in the next batch, each with its share of the batch's prompt tokens. Short prompts go first, since they soon
 * start to stream. But half of the tokens are reserved for the oldest prompt, which shorter ones would otherwise starve.
 */
function shareBudget(busy: readonly Slot[]): [Slot, number][] {
  const promptTokensLeft = (slot: Slot): number => slot.generation?.promptTokensLeft ?? 0;
  const isAnswering = busy.some((slot) => promptTokensLeft(slot) === 0);
  const budget = isAnswering ? PROMPT_TOKENS_BESIDE_ANSWERS : PROMPT_TOKENS_PER_BATCH;
  const waiting = busy.filter((slot) => promptTokensLeft(slot) > 0);
  const [oldest] = [...waiting].sort((one, other) => one.lastUsed - other.lastUsed);
  const kept = oldest ? Math.min(budget / 2, promptTokensLeft(oldest)) : 0;
  let left = budget - kept;
  const shares: [Slot, number][] = [];
  for (const slot of [...busy].sort((one, other) => promptTokensLeft(one) - promptTokensLeft(other))) {
    const own = slot === oldest ? kept : 0;
    const more = Math.min(left, promptTokensLeft(slot) - own);
    left -= more;
    const isIdle = own + more === 0 && promptTokensLeft(slot) > 0 && slot.generation?.isOver !== true;
    if (!isIdle) shares.push([slot, own + more]);
  }
  return shares;
}

function assertCharactersFit({ messages }: GenerationRequest, contextLength: number): void {
  const characters = messages.reduce((sum, message) => sum + message.text.length, 0);
  const atLeast = Math.ceil(characters / MAX_CHARACTERS_PER_TOKEN);
  if (atLeast >= contextLength) throw tooLong(`more than ${atLeast}`, contextLength);
}

function tooLong(tokens: string, contextLength: number): LocalModelFailure {
  const message = `This model's context length is ${contextLength} tokens, but the messages take ${tokens}.`;
  return new LocalModelFailure('context_length_exceeded', message, 'messages');
}

function stoppedFailure(): LocalModelFailure {
  return new LocalModelFailure('model_unavailable', 'The local model server is stopping.');
}
