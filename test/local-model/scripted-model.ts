// A language model that follows a script, with a byte-level vocabulary like real ones: some tokens are several characters, some are part of
// one. It continues its answer only from token boundaries of that answer; elsewhere it returns '?'.
import type { TokenCandidate, LanguageModel, ModelSequence, Token } from '../../src/local-model/language-model';

const TURN_START = 256;
const TURN_END = 257;
const FIRST_WORD = 300;
const QUESTION_MARK = 63;

export interface ScriptedModelOptions {
  /** Returns the model's answer to a prompt, given as the prompt's text. */
  readonly answer: (prompt: string) => string;
  /** Multi-character tokens besides the 256 bytes. */
  readonly words?: readonly string[];
  readonly slots?: number;
  readonly contextLength?: number;
  readonly defaultSystemPrompt?: string;
}

export interface ScriptedModel extends LanguageModel {
  /** Sizes of all `feed` calls, and the maximum number of concurrent evaluations. */
  readonly seen: { readonly fed: number[]; mostAtOnce: number; evaluated: number };
  /** Makes the next evaluations fail. */
  failing: boolean;
  /** Returns the text of tokens with control tokens spelled out. */
  readonly spell: (tokens: readonly Token[]) => string;
}

/** A vocabulary of the 256 bytes, two control tokens and some words. */
function createVocabulary(words: readonly string[]) {
  function listBytes(token: Token): Buffer {
    return token < 256 ? Buffer.from([token]) : Buffer.from(words[token - FIRST_WORD] ?? '');
  }

  function tokenize(text: string): Token[] {
    const tokens: Token[] = [];
    let rest = text;
    while (rest !== '') {
      const word = [...words].sort((a, b) => b.length - a.length).find((one) => rest.startsWith(one));
      const piece = word ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
      tokens.push(...(word === undefined ? Buffer.from(piece) : [FIRST_WORD + words.indexOf(word)]));
      rest = rest.slice(piece.length);
    }
    return tokens;
  }

  const detokenize = (tokens: readonly Token[]): string => Buffer.concat(tokens.map(listBytes)).toString('utf8');
  const control: Record<number, string> = { [TURN_START]: '<S>', [TURN_END]: '<E>' };
  const spell = (tokens: readonly Token[]): string =>
    tokens.map((token) => control[token] ?? detokenize([token])).join('');
  return { listBytes, tokenize, detokenize, spell, size: FIRST_WORD + words.length };
}

type Vocabulary = ReturnType<typeof createVocabulary>;

/** Returns the next token after `context`: the answer's token that starts where the text so far ends. */
function nextToken(context: readonly Token[], vocabulary: Vocabulary, answerTo: (prompt: string) => string): Token {
  const header = context.lastIndexOf(TURN_START) + 1 + vocabulary.tokenize('assistant\n').length;
  const answer = vocabulary.tokenize(answerTo(vocabulary.spell(context.slice(0, header))));
  let unsaid = context.slice(header).reduce((sum, token) => sum + vocabulary.listBytes(token).length, 0);
  for (const token of answer) {
    if (unsaid === 0) return token;
    unsaid -= vocabulary.listBytes(token).length;
  }
  return unsaid === 0 ? TURN_END : QUESTION_MARK;
}

interface Lane {
  /** Counts an evaluation, and takes one turn of the event loop for it. */
  readonly evaluate: (tokens: number) => Promise<void>;
  readonly next: (context: readonly Token[]) => Token;
  readonly fed: number[];
  readonly vocabularySize: number;
}

const KEPT = Symbol('kept');

function createSequence({ evaluate, next, fed, vocabularySize }: Lane): ModelSequence & { readonly [KEPT]: Token[] } {
  let kept: Token[] = [];
  return {
    get [KEPT]() {
      return kept;
    },
    copyFrom(other, length) {
      kept = (other as unknown as { [KEPT]: Token[] })[KEPT].slice(0, length);
      return Promise.resolve(kept.length);
    },
    get length() {
      return kept.length;
    },
    sharedLength(prompt) {
      const different = kept.findIndex((token, index) => token !== prompt[index]);
      return different < 0 ? kept.length : different;
    },
    truncate(length) {
      kept = kept.slice(0, length);
      return Promise.resolve();
    },
    async feed(tokens) {
      fed.push(tokens.length);
      await evaluate(tokens.length);
      kept.push(...tokens);
    },
    async *sample(tokens) {
      for (let pending = tokens; ; pending = [next(kept)]) {
        await evaluate(pending.length);
        kept.push(...pending);
        yield next(kept);
      }
    },
    async candidates(token): Promise<readonly TokenCandidate[]> {
      await evaluate(1);
      kept.push(token);
      const best = next(kept);
      const others = Array.from({ length: vocabularySize }, (_, id) => id).filter((id) => id !== best);
      return [best, ...others].map((id, index) => ({ token: id, logit: -index }));
    },
  };
}

export function createScriptedModel(options: ScriptedModelOptions): ScriptedModel {
  const { words = [], slots = 2, contextLength = 4096 } = options;
  const vocabulary = createVocabulary(words);
  let evaluating = 0;

  async function evaluate(tokens: number): Promise<void> {
    if (model.failing) throw new Error('scripted failure');
    evaluating += 1;
    model.seen.evaluated += tokens;
    model.seen.mostAtOnce = Math.max(model.seen.mostAtOnce, evaluating);
    await new Promise((resolve) => setImmediate(resolve));
    evaluating -= 1;
  }

  const seen = { fed: [], mostAtOnce: 0, evaluated: 0 };
  const next = (context: readonly Token[]): Token => nextToken(context, vocabulary, options.answer);
  const lane: Lane = { evaluate, next, fed: seen.fed, vocabularySize: vocabulary.size };
  const model: ScriptedModel = {
    seen,
    failing: false,
    spell: vocabulary.spell,
    tokenize: vocabulary.tokenize,
    detokenize: vocabulary.detokenize,
    turnStart: TURN_START,
    turnEnd: TURN_END,
    defaultSystemPrompt: options.defaultSystemPrompt,
    contextLength,
    sequences: Array.from({ length: slots }, () => createSequence(lane)),
    isEndOfTurn: (token) => token === TURN_END,
    dispose: () => Promise.resolve(),
  };
  return model;
}
