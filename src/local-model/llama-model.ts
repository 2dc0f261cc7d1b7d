// The real model, using node-llama-cpp. Only this file knows that library. It is ESM-only, hence the dynamic import.
import type {
  Llama,
  LlamaContextSequence,
  LlamaGrammar,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token as LlamaToken,
} from 'node-llama-cpp' with {
  'resolution-mode': 'import',
};
import type { Logger } from 'pino';
import type { Capacity } from './capacity';
import { PROMPT_TOKENS_PER_BATCH } from './engine';
import type { TokenCandidate, LanguageModel, ModelSequence, Sampling, Token } from './language-model';

export type { Llama };

const TOP_K = 40;

/** Bytes that one native sampler keeps per vocabulary entry. */
const SAMPLER_BYTES_PER_TOKEN = 12;

/** Resources that one model may use. */
export interface LlamaModelOptions {
  readonly path: string;
  readonly threads: number;
  /** Number of requests answered concurrently. */
  readonly slots: number;
  /** Tokens per slot; memory for slots x context is allocated at load. */
  readonly context: number;
}

/** Starts the installed native library: it never builds, never downloads, never looks for a GPU. */
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

/** Estimates the memory of a model's context with all its slots. Reads the head of the file alone. */
export async function createContextEstimate(
  llama: Llama,
  path: string,
): Promise<(capacity: Capacity) => Promise<number>> {
  const { GgufInsights, readGgufFileInfo } = await import('node-llama-cpp');
  const insights = await GgufInsights.from(await readGgufFileInfo(path), llama);
  return async ({ slots, context }) => {
    const needs = await insights.estimateContextResourceRequirementsV2({
      contextSize: context,
      sequences: slots,
      batchSize: PROMPT_TOKENS_PER_BATCH + slots,
      modelGpuLayers: 0,
    });
    return needs.cpuRam;
  };
}

/** Loads a GGUF file and creates its slots; fails if the model's chat format is not ChatML. */
export async function loadLlamaModel(llama: Llama, options: LlamaModelOptions): Promise<LanguageModel> {
  const model = await llama.loadModel({ modelPath: options.path, gpuLayers: 0 });
  if (options.context > model.trainContextSize) {
    throw new Error(
      `${options.path} was trained on ${model.trainContextSize} tokens, fewer than the context asked for`,
    );
  }
  const turnStart = controlToken(model, '<|im_start|>');
  const turnEnd = controlToken(model, '<|im_end|>');
  // Flash attention and a quantised cache were measured: the former changes nothing on a CPU, the latter slows prompts by a third.
  const context = await model.createContext({
    sequences: options.slots,
    contextSize: options.context,
    batchSize: PROMPT_TOKENS_PER_BATCH + options.slots,
    threads: options.threads,
    flashAttention: false,
  });
  const samplerBytes = [...model.iterateAllTokens()].length * SAMPLER_BYTES_PER_TOKEN;
  const { LlamaGrammarEvaluationState } = await import('node-llama-cpp');
  const startGrammar = async (schema: object): Promise<LlamaGrammarEvaluationState> => {
    const grammar = await (llama as unknown as GrammarMaker).createGrammarForJsonSchema(schema);
    return new LlamaGrammarEvaluationState({ model, grammar });
  };
  const sequences = Array.from(
    { length: options.slots },
    () => new LlamaSequence(context.getSequence(), samplerBytes, startGrammar),
  );
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

/** The library infers a type from the schema, which is impossible for a schema from a request. */
interface GrammarMaker {
  createGrammarForJsonSchema(schema: object): Promise<LlamaGrammar>;
}

/** An undeclared method that the library itself uses when it tries several continuations of one text. */
interface CopyingSequence {
  _copyStateFromOtherSequence(other: LlamaContextSequence, upToTokenIndex: number): Promise<boolean>;
}

class LlamaSequence implements ModelSequence {
  /**
   * As large as the native sampler that the library creates for each evaluation or answer, and frees only when V8 collects its wrapper. V8
   * does not see native bytes: without this buffer next to the wrapper, memory grew by a gigabyte in 1,000 tokens.
   */
  private samplerWeight: ArrayBuffer | undefined;

  constructor(
    private readonly sequence: LlamaContextSequence,
    private readonly samplerBytes: number,
    private readonly startGrammar: (schema: object) => Promise<LlamaGrammarEvaluationState>,
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

  sample(tokens: readonly Token[], { jsonSchema, ...sampling }: Sampling): AsyncGenerator<Token, void, void> {
    if (jsonSchema) return this.sampleWithin(jsonSchema, tokens, sampling);
    this.weighSampler();
    return this.sequence.evaluate(tokens as LlamaToken[], optionsFor(sampling));
  }

  /** Each answer has its own grammar state: its position in the grammar. */
  private async *sampleWithin(jsonSchema: object, tokens: readonly Token[], sampling: Sampling) {
    const grammarEvaluationState = await this.startGrammar(jsonSchema);
    this.weighSampler();
    yield* this.sequence.evaluate(tokens as LlamaToken[], { ...optionsFor(sampling), grammarEvaluationState });
  }

  async candidates(token: Token): Promise<readonly TokenCandidate[]> {
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

function optionsFor({ temperature, topP, seed }: Sampling) {
  return { temperature, topP, topK: TOP_K, seed, yieldEogToken: true } as const;
}

function controlToken(model: LlamaModel, text: string): Token {
  const [token, ...rest] = model.tokenize(text, true);
  if (token === undefined || rest.length > 0 || !model.isSpecialToken(token)) {
    throw new Error(`${model.filename ?? 'the model'} does not use ChatML: ${text} is not one of its control tokens`);
  }
  return token;
}

/** ChatML templates contain the system prompt that they add by default; it is read from there instead of being copied here. */
function defaultSystemPrompt(template: string | undefined): string | undefined {
  const spelled = template?.match(/<\|im_start\|>system(?:\\n|\n)(You are [^<'"{]*)<\|im_end\|>/);
  return spelled?.[1];
}
