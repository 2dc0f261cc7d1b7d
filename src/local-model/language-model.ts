// The interface between the engine and a loaded model, independent of the library behind it.
// `llama-model.ts` is the real implementation; tests use a small scripted one.

/** A vocabulary index. */
export type Token = number;

/** How the next token is drawn; temperature 0 always picks the most likely one. */
export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  /** JSON Schema that the answer as a whole must match. */
  readonly jsonSchema?: object | undefined;
}

/** A possible next token with its unnormalised log probability. */
export interface TokenCandidate {
  readonly token: Token;
  readonly logit: number;
}

/** The part of a model that turns chat messages into tokens. */
export interface ChatTokenizer {
  /** Tokenizes plain text only: `<|im_end|>` in `text` becomes the tokens of its letters, never the control token. */
  readonly tokenize: (text: string) => Token[];
  readonly turnStart: Token;
  readonly turnEnd: Token;
  /** The system prompt that the model's template uses for a chat without a system message. */
  readonly defaultSystemPrompt: string | undefined;
}

/** One sequence of a model's context: a list of evaluated tokens that can be truncated and extended. */
export interface ModelSequence {
  /** Number of tokens whose evaluation is kept. */
  readonly length: number;
  /** Returns how many leading tokens of `prompt` are already evaluated here. */
  sharedLength(prompt: readonly Token[]): number;
  /**
   * Copies the evaluation of the first `length` tokens of another sequence of the same model, which is much cheaper than evaluating them.
   * Returns how many tokens it then holds: `length` or 0.
   */
  copyFrom(other: ModelSequence, length: number): Promise<number>;
  /** Removes everything after the first `length` tokens. */
  truncate(length: number): Promise<void>;
  /** Evaluates tokens without predicting the next one. */
  feed(tokens: readonly Token[]): Promise<void>;
  /** Evaluates `tokens`, then yields token after token; each is evaluated only when the next one is requested. */
  sample(tokens: readonly Token[], sampling: Sampling): AsyncGenerator<Token, void, void>;
  /** Evaluates one token and returns every possible next one, most likely first. Slow: for joints only. */
  candidates(token: Token): Promise<readonly TokenCandidate[]>;
}

/** A loaded model. Evaluations requested in the same turn of the event loop share one batch. */
export interface LanguageModel extends ChatTokenizer {
  /** Tokens that one sequence can hold. */
  readonly contextLength: number;
  readonly sequences: readonly ModelSequence[];
  /** Returns the text of tokens; an incomplete UTF-8 character appears as U+FFFD at the end. */
  readonly detokenize: (tokens: readonly Token[]) => string;
  readonly isEndOfTurn: (token: Token) => boolean;
  dispose(): Promise<void>;
}
