/**
 * Reads the content of one completion chunk: text, thinking or a refusal, in all the formats that gateways use. A chunk whose content
 * cannot be read is an error: skipping it would leave an unnoticed gap in the answer.
 */

/** Each is empty if the chunk contains none of it. */
export interface ChoiceContent {
  text: string;
  thinking: string;
  refusal: string;
}

/** A frame whose text cannot be read. */
export class UnreadableFrame extends Error {
  override name = 'UnreadableFrame';
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields in which models and gateways stream thinking; the first non-empty one counts. */
const THOUGHTS = ['reasoning_content', 'reasoning', 'thinking', 'thought', 'reasoning_text', 'reasoning_details'];
/** Other fields that a delta may contain without content for the reader. */
const SILENT = ['role', 'content', 'refusal', 'tool_calls', 'function_call', 'audio', 'annotations', 'images', 'name'];

/** Returns the first choice of a chunk; undefined if it has none, as in a usage chunk or a ping. */
export function firstChoice(chunk: unknown): Fields | undefined {
  if (!isFields(chunk)) throw new UnreadableFrame('a frame that is no object');
  const { choices } = chunk;
  if (choices === undefined || choices === null) {
    if (saysSomething(chunk)) throw new UnreadableFrame('a frame with text outside of its choices');
    return undefined;
  }
  if (!Array.isArray(choices)) throw new UnreadableFrame('a frame whose choices are no list');
  const choice: unknown = choices[0];
  if (choice === undefined) return undefined;
  if (!isFields(choice)) throw new UnreadableFrame('a choice that is no object');
  return choice;
}

/** Reads a choice's `delta`, its `message` if the completion arrived as a whole, or its `text`. */
export function readChoice(choice: Fields): ChoiceContent {
  const { delta, message, text } = choice;
  const value = delta ?? message;
  if (value !== undefined && value !== null) return readDelta(value);
  if (typeof text === 'string') return { ...NOTHING, text };
  if (saysSomething(choice)) throw new UnreadableFrame('a choice with text outside of its delta');
  if (isHollow(choice)) throw new UnreadableFrame('a choice without a delta');
  return NOTHING;
}

/** Whether a choice has no information at all. A frame without a delta may still carry the finish reason or filter results. */
function isHollow(choice: Fields): boolean {
  return Object.entries(choice).every(([name, value]) => name === 'index' || (value === null && name !== 'delta'));
}

const NOTHING: ChoiceContent = { text: '', thinking: '', refusal: '' };

function readDelta(delta: unknown): ChoiceContent {
  if (!isFields(delta)) throw new UnreadableFrame('a delta that is no object');
  if (isStrange(delta)) throw new UnreadableFrame('a delta of which nothing is known');
  const content = readContent(delta.content);
  const refusal = typeof delta.refusal === 'string' ? delta.refusal : '';
  return {
    text: content.text,
    thinking: readThoughts(delta) + content.thinking,
    refusal: refusal + content.refusal,
  };
}

/** Whether the delta has content only in unknown fields. */
function isStrange(delta: Fields): boolean {
  const names = Object.keys(delta);
  const isKnown = (name: string) => SILENT.includes(name) || /think|thought|reason/i.test(name);
  const says = (value: unknown) => (typeof value === 'string' ? value !== '' : saysSomething(value));
  return !names.some(isKnown) && names.some((name) => says(delta[name]));
}

function readThoughts(delta: Fields): string {
  for (const name of THOUGHTS) {
    const thought = textIn(delta[name]);
    if (thought) return thought;
  }
  return '';
}

/** Returns a text, or the texts of nested parts joined. */
function textIn(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (depth > DEEPEST) return '';
  if (Array.isArray(value)) return value.map((part) => textIn(part, depth + 1)).join('');
  if (!isFields(value)) return '';
  return textIn(value.text ?? value.thinking ?? value.reasoning ?? value.summary ?? value.content, depth + 1);
}

const DEEPEST = 8;

/** Reads a text, a part, or a list of both. */
function readContent(content: unknown): ChoiceContent {
  if (content === null || content === undefined) return NOTHING;
  if (typeof content === 'string') return { ...NOTHING, text: content };
  const parts = (Array.isArray(content) ? content : [content]).map(readPart);
  const join = (field: keyof ChoiceContent) => parts.map((part) => part[field]).join('');
  return { text: join('text'), thinking: join('thinking'), refusal: join('refusal') };
}

/** Types of parts that accompany the text; what they quote is not part of the answer. */
const BESIDE = /reference|citation|source|image|audio|video|file|document|tool/i;

function readPart(part: unknown): ChoiceContent {
  if (typeof part === 'string') return { ...NOTHING, text: part };
  if (!isFields(part)) throw new UnreadableFrame('a part of the content that is no object');
  const { type, refusal } = part;
  const kind = typeof type === 'string' ? type : '';
  if (/think|thought|reason/i.test(kind)) return { ...NOTHING, thinking: textIn(part) };
  if (typeof refusal === 'string') return { ...NOTHING, refusal };
  if (BESIDE.test(kind)) return NOTHING;
  const text = textOfPart(part);
  if (text !== undefined) return { ...NOTHING, text };
  return passOver(part, kind);
}

/** Skips a part of an unknown type, unless it may contain text. */
function passOver(part: Fields, kind: string): ChoiceContent {
  if (kind === '' || /text/i.test(kind) || saysSomething(part))
    throw new UnreadableFrame('a part of the content without its text');
  return NOTHING;
}

/** Reads `{text}`, `{text: {value}}` as in OpenAI's Assistants API, or `{content}`. */
function textOfPart({ text, content }: Fields): string | undefined {
  const value = isFields(text) ? text.value : (text ?? content);
  return typeof value === 'string' ? value : undefined;
}

/** Whether the value contains text in a field that usually contains text. */
function saysSomething(value: unknown, depth = 0): boolean {
  if (depth > DEEPEST || value === null || typeof value !== 'object') return false;
  const isText = ([name, inner]: [string, unknown]) =>
    (name === 'content' || name === 'text') && typeof inner === 'string' && inner !== '';
  return Object.entries(value).some((entry) => isText(entry) || saysSomething(entry[1], depth + 1));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
