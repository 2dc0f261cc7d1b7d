// What the engine needs from a loaded model, and nothing of the library behind it.
// `llama-model.ts` is the real one; tests bring a small scripted one.

/** A vocabulary index. */
export type Token = number;

/** How the next token is drawn; temperature 0 means the likeliest one, always. */
export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/** A possible next token with its unnormalised log probability. */
export interface Candidate {
  readonly token: Token;
  readonly logit: number;
}

/** The part of a model that turns chat messages into tokens. */
export interface ChatTokenizer {
  /** Plain text only: `<|im_end|>` in `text` becomes the tokens of its letters, never the control token. */
  readonly tokenize: (text: string) => Token[];
  readonly turnStart: Token;
  readonly turnEnd: Token;
  /** What the model's template says to a chat without a system message. */
  readonly defaultSystemPrompt: string | undefined;
}

/** One lane of a model's context: a list of evaluated tokens that can be cut back and extended. */
export interface ModelSequence {
  /** Number of tokens whose evaluation is kept. */
  readonly length: number;
  /** How many leading tokens of `prompt` are already evaluated here. */
  sharedLength(prompt: readonly Token[]): number;
  /**
   * Takes over the evaluation of the first `length` tokens of another sequence of the same model, in place of its own; much cheaper than
   * evaluating them. Returns how many it holds then, which is `length` or 0.
   */
  copyFrom(other: ModelSequence, length: number): Promise<number>;
  /** Forgets everything after the first `length` tokens. */
  truncate(length: number): Promise<void>;
  /** Evaluates tokens without asking what comes next. */
  feed(tokens: readonly Token[]): Promise<void>;
  /** Evaluates `tokens`, then yields token after token; each is evaluated only when the next one is asked for. */
  sample(tokens: readonly Token[], sampling: Sampling): AsyncGenerator<Token, void, void>;
  /** Evaluates one token and returns every possible next one, likeliest first. Slow: for joints only. */
  candidates(token: Token): Promise<readonly Candidate[]>;
}

/** A loaded model. Evaluations asked for in the same turn of the event loop share one batch. */
export interface LanguageModel extends ChatTokenizer {
  /** Tokens that one sequence can hold. */
  readonly contextLength: number;
  readonly sequences: readonly ModelSequence[];
  /** Text of tokens; an incomplete UTF-8 character shows as U+FFFD at the end. */
  readonly detokenize: (tokens: readonly Token[]) => string;
  readonly isEndOfTurn: (token: Token) => boolean;
  dispose(): Promise<void>;
}
