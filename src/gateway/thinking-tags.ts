/**
 * The tags between which models think inside their text, by vendor. `opens` and `closes` are compared case-insensitively; `<name>` may have
 * attributes. `answer` lists the tags around the answer, which are not part of it either.
 */

export interface ThinkingTag {
  opens: readonly string[];
  closes: readonly string[];
  answer?: { opens: readonly string[]; closes: readonly string[] };
}

/** DeepSeek, Qwen, GLM, Nemotron, Kimi and most others write `<think>`; small models and various prompts use the variants. */
const NAMES = [
  ...['think', 'thinking', 'thought', 'thoughts', 'reasoning', 'antthinking', 'ant_thinking', 'scratchpad'],
  ...['inner_thoughts', 'internal_thoughts', 'inner_monologue', 'longcat_think', 'seed:think', 'mm:think'],
];

export const TAGS: readonly ThinkingTag[] = [
  ...NAMES.map((name) => ({ opens: [`<${name}>`], closes: [`</${name}>`] })),
  // Mistral's Magistral
  { opens: ['[think]'], closes: ['[/think]'] },
  // Kimi-VL
  { opens: ['◁think▷'], closes: ['◁/think▷'] },
  // OpenThinker, Sky-T1
  {
    opens: ['<|begin_of_thought|>'],
    closes: ['<|end_of_thought|>'],
    answer: { opens: ['<|begin_of_solution|>'], closes: ['<|end_of_solution|>'] },
  },
  // Cohere's Command A
  {
    opens: ['<|start_thinking|>'],
    closes: ['<|end_thinking|>'],
    answer: { opens: ['<|start_response|>', '<|start_text|>'], closes: ['<|end_response|>', '<|end_text|>'] },
  },
  // gpt-oss, if a server passes on its channels
  {
    opens: ['<|channel|>analysis<|message|>', '<|start|>assistant<|channel|>analysis<|message|>'],
    closes: ['<|end|>'],
    answer: {
      opens: ['<|start|>assistant<|channel|>final<|message|>', '<|channel|>final<|message|>'],
      closes: ['<|return|>', '<|end|>'],
    },
  },
  // Gemma
  { opens: ['<|channel>thought\n'], closes: ['<channel|>'] },
  { opens: ['<unused94>thought\n'], closes: ['<unused95>'] },
];

/** Tags that only open an answer, without thinking before it. */
const ANSWER_OPENS = TAGS.flatMap((tag) => (tag.answer?.opens ?? []).map((mark) => ({ mark, tag })));
const OPENS = TAGS.flatMap((tag) => tag.opens.map((mark) => ({ mark, tag })));
/** Maximum length of `<name ` with attributes. UTF-16 units. */
const LONGEST_MARK = 120;

/** The tag at the start of a text, with its length; `maybe` while the text could still become one. */
export type OpeningTag = { is: 'thinking' | 'answer'; tag: ThinkingTag; length: number } | 'maybe' | undefined;

export function readBeginning(text: string): OpeningTag {
  const start = text.slice(0, LONGEST_MARK).toLowerCase();
  for (const { mark, tag } of OPENS) {
    const length = lengthOfMark(start, mark);
    if (length > 0) return { is: 'thinking', tag, length };
  }
  for (const { mark, tag } of ANSWER_OPENS)
    if (start.startsWith(mark)) return { is: 'answer', tag, length: mark.length };
  if (start.length === LONGEST_MARK) return undefined;
  return [...OPENS, ...ANSWER_OPENS].some(({ mark }) => couldBecome(start, mark)) ? 'maybe' : undefined;
}

/** Returns 0 if the text does not start with the tag. */
function lengthOfMark(start: string, mark: string): number {
  if (start.startsWith(mark)) return mark.length;
  const name = nameIn(mark);
  if (!name || !start.startsWith(`<${name}`) || !/\s/.test(start[name.length + 1] ?? '')) return 0;
  const attributes = /^[^<>]*>/.exec(start.slice(name.length + 1));
  return attributes ? name.length + 1 + attributes[0].length : 0;
}

function couldBecome(start: string, mark: string): boolean {
  if (mark.startsWith(start)) return true;
  const name = nameIn(mark);
  return name !== undefined && start.startsWith(`<${name}`) && /^\s[^<>]*$/.test(start.slice(name.length + 1));
}

/** Returns the element name of a tag of the form `<name>`. */
function nameIn(mark: string): string | undefined {
  return /^<([\w:]+)>$/.exec(mark)?.[1];
}

/** Creates a pattern for any vendor's tags within a text. It is global: set `lastIndex` before each use. */
export function createMarkPattern(): RegExp {
  return createPattern([...TAGS.flatMap((tag) => tag.closes), ...OPENS.map(({ mark }) => mark)]);
}

/** Creates a pattern for any of these tags, longest first. */
export function createPattern(marks: readonly string[]): RegExp {
  const escaped = [...new Set(marks)]
    .sort((a, b) => b.length - a.length)
    .map((mark) => mark.replace(/[[\]|\\/^$.*+?(){}]/g, '\\$&'));
  return new RegExp(escaped.join('|'), 'gi');
}

/** Length of the longest tag, UTF-16 units: this much text must be kept to find a tag that arrives in pieces. */
export const LONGEST_KNOWN_MARK = Math.max(
  ...TAGS.flatMap(({ opens, closes }) => [...opens, ...closes]).map((m) => m.length),
);

export function isClose(mark: string): boolean {
  const word = mark.toLowerCase();
  return TAGS.some(({ closes }) => closes.includes(word));
}

/** Whether a closing tag has a meaning without an opening one. Those of Gemma and gpt-oss have none. */
export function isLoneClose(mark: string): boolean {
  return isClose(mark) && !['<|end|>', '<channel|>', '<unused95>'].includes(mark.toLowerCase());
}
