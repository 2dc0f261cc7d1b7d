// The real model, through node-llama-cpp. The only file that knows that library; it is ESM-only, hence the dynamic import.
import type { Llama, LlamaContextSequence, LlamaModel, Token as LlamaToken } from 'node-llama-cpp' with {
  'resolution-mode': 'import',
};
import type { Logger } from 'pino';
import { PROMPT_TOKENS_PER_BATCH } from './engine';
import type { Candidate, LanguageModel, ModelSequence, Sampling, Token } from './language-model';

const TOP_K = 40;

/** Bytes that one native sampler keeps per vocabulary entry. */
const SAMPLER_BYTES_PER_TOKEN = 12;

/** What one model may take of the machine. */
export interface LlamaModelOptions {
  readonly path: string;
  readonly threads: number;
  /** Requests that are answered at the same time. */
  readonly slots: number;
  /** Tokens per slot; memory for slots x context is taken at load. */
  readonly context: number;
}

/** Starts the native library with what is installed: it never builds, never downloads, never looks for a GPU. */
export async function startLlama(log: Logger): Promise<Llama> {
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
  return getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.warn,
    logger: (level, message) => {
      log.warn({ llamaLevel: level }, message.trimEnd());
    },
  });
}

/** Loads a GGUF file and makes its slots; fails on a model whose chat format is not ChatML. */
export async function loadLlamaModel(llama: Llama, options: LlamaModelOptions): Promise<LanguageModel> {
  const model = await llama.loadModel({ modelPath: options.path, gpuLayers: 0 });
  if (options.context > model.trainContextSize) {
    throw new Error(
      `${options.path} was trained on ${model.trainContextSize} tokens, fewer than the context asked for`,
    );
  }
  const turnStart = controlToken(model, '<|im_start|>');
  const turnEnd = controlToken(model, '<|im_end|>');
  // Flash attention and a quantised cache were measured: the one changes nothing on a CPU, the other slows prompts by a third.
  const context = await model.createContext({
    sequences: options.slots,
    contextSize: options.context,
    batchSize: PROMPT_TOKENS_PER_BATCH + options.slots,
    threads: options.threads,
    flashAttention: false,
  });
  const samplerBytes = [...model.iterateAllTokens()].length * SAMPLER_BYTES_PER_TOKEN;
  const sequences = Array.from({ length: options.slots }, () => new LlamaSequence(context.getSequence(), samplerBytes));
  return {
    turnStart,
    turnEnd,
    defaultSystemPrompt: defaultSystemPrompt(model.fileInfo.metadata.tokenizer.chat_template),
    contextLength: options.context,
    sequences,
    tokenize: (text) => model.tokenize(text, false),
    detokenize: (tokens) => model.detokenize(tokens as readonly LlamaToken[]),
    isEndOfTurn: (token) => model.isEogToken(token as LlamaToken),
    async dispose() {
      await context.dispose();
      await model.dispose();
    },
  };
}

/** What the library uses itself where it tries several continuations of one text, and does not declare. */
interface CopyingSequence {
  _copyStateFromOtherSequence(other: LlamaContextSequence, upToTokenIndex: number): Promise<boolean>;
}

class LlamaSequence implements ModelSequence {
  /**
   * As large as the native sampler that the library makes for each evaluation or answer and frees only when V8 collects
   * its wrapper. V8 does not see native bytes: without this weight beside it, memory grew by a gigabyte in 1,000 tokens.
   */
  private samplerWeight: ArrayBuffer | undefined;

  constructor(
    private readonly sequence: LlamaContextSequence,
    private readonly samplerBytes: number,
  ) {}

  get length(): number {
    return this.sequence.nextTokenIndex;
  }

  sharedLength(prompt: readonly Token[]): number {
    return this.sequence.compareContextTokens(prompt as LlamaToken[]).firstDifferentIndex;
  }

  async copyFrom(other: ModelSequence, length: number): Promise<number> {
    const sequence = this.sequence as LlamaContextSequence & Partial<CopyingSequence>;
    if (other instanceof LlamaSequence && sequence._copyStateFromOtherSequence) {
      const isCopied = await sequence._copyStateFromOtherSequence(other.sequence, length).catch(() => false);
      if (isCopied) return length;
    }
    await this.truncate(0);
    return 0;
  }

  async truncate(length: number): Promise<void> {
    if (length >= this.length) return;
    await this.sequence.eraseContextTokenRanges([{ start: length, end: this.length }]);
  }

  async feed(tokens: readonly Token[]): Promise<void> {
    this.weighSampler();
    await this.sequence.evaluateWithoutGeneratingNewTokens(tokens as LlamaToken[]);
  }

  sample(tokens: readonly Token[], { temperature, topP, seed }: Sampling): AsyncGenerator<Token, void, void> {
    this.weighSampler();
    const options = { temperature, topP, topK: TOP_K, seed, yieldEogToken: true };
    return this.sequence.evaluate(tokens as LlamaToken[], options);
  }

  async candidates(token: Token): Promise<readonly Candidate[]> {
    this.weighSampler();
    // Greedy, because a temperature would leave only the first TOP_K.
    const generateNext = { logits: true, options: { temperature: 0 } };
    const [output] = await this.sequence.controlledEvaluate([[token as LlamaToken, { generateNext }]]);
    return Array.from(output?.next.logits ?? [], ([candidate, logit]) => ({ token: candidate, logit }));
  }

  private weighSampler(): void {
    this.samplerWeight = new ArrayBuffer(this.samplerBytes);
  }
}

function controlToken(model: LlamaModel, text: string): Token {
  const [token, ...rest] = model.tokenize(text, true);
  if (token === undefined || rest.length > 0 || !model.isSpecialToken(token)) {
    throw new Error(`${model.filename ?? 'the model'} does not use ChatML: ${text} is not one of its control tokens`);
  }
  return token;
}

/** ChatML templates spell the system prompt that they add by themselves; it is read from there, not copied here. */
function defaultSystemPrompt(template: string | undefined): string | undefined {
  const spelled = template?.match(/<\|im_start\|>system(?:\\n|\n)(You are [^<'"{]*)<\|im_end\|>/);
  return spelled?.[1];
}
