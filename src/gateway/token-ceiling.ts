/** The highest token limit that a model accepts, as named by gateways when they reject a request for more. */

/** Names of the token limit in gateway messages. */
const LIMIT =
  /(?<![a-z0-9])max(?:imum)?[_ -]?(?:(?:output|completion|new|generated)[_ -]?)?tokens|(?:output|completion|new|generated) tokens/i;
/** The prompt is too long for the model: a smaller answer would help only by chance. */
const CONTEXT = /context|prompt|\binput (?:tokens?|length)|messages/i;

/** A number as written in sentences. */
const NUMBER = String.raw`\s*["'\`]?(\d[\d,_]{0,11})`;
const INCLUSIVE = [
  ...['at most', 'up to', 'maximum(?: [a-z_]{1,20}){0,4} (?:is|of|for this model is)', 'maximum:'],
  ...['(?:less|lower|smaller|fewer) than or equal(?: to)?', '(?:limit|limited) (?:is|of|to)', '<=', '≤'],
  ...['(?:no|not|not be|cannot be) (?:more|greater|larger|higher|bigger) than', '(?:not|cannot) exceed'],
  'exceeds?(?: the| model| maximum| output){0,4} (?:limit|maximum)(?: of)?',
];
const EXCLUSIVE = ['(?:less|lower|smaller|fewer) than', 'below', '<'];
const BETWEEN = String.raw`(?:range|between|from)[^\n\d]{0,60}\d{1,12}(?: \(inclusive\))?\s{0,3}(?:,|-|–|to|and|\.{2,3})`;

const toPattern = (openings: readonly string[], end = '') =>
  new RegExp(`(?:${openings.join('|')})${NUMBER}${end}`, 'gi');
const END_IS_OUT = String.raw`\s{0,3}(?:\(exclusive\)|\))`;
/** The words before a number, and by how much the number exceeds the highest accepted limit. */
const PATTERNS = [
  { pattern: toPattern(INCLUSIVE), above: 0 },
  { pattern: toPattern(EXCLUSIVE), above: 1 },
  { pattern: toPattern([BETWEEN], END_IS_OUT), above: 1 },
  { pattern: toPattern([BETWEEN], `(?![\\d,_]|${END_IS_OUT})`), above: 0 },
];

/** Maximum length of a message that is read. UTF-16 units. */
const READ_LIMIT = 4000;

/** Whether the message is about the limit of an answer, and not about the length of the prompt. */
export function isAboutLimit(words: string): boolean {
  const read = words.slice(0, READ_LIMIT);
  return LIMIT.test(read) && !CONTEXT.test(read);
}

/** Whether the message says that a number is too high or too low, which renaming the field would not fix. */
export function isAboutAmount(words: string): boolean {
  return /too (?:large|high|big|many|long|small|low)|exceed|(?:above|below) (?:the )?(?:maximum|minimum)|(?:greater|larger|higher|less|lower|smaller|more) than|at (?:most|least)|[<>≤≥]|\brange\b|between \d/i.test(
    words.slice(0, READ_LIMIT),
  );
}

/** Returns the highest limit below `sent` named in the message; undefined if none is named. Tokens. */
export function findCeiling(words: string, sent: number): number | undefined {
  const read = words.slice(0, READ_LIMIT);
  const named = PATTERNS.flatMap(({ pattern, above }) =>
    [...read.matchAll(pattern)].map(([, digits = '']) => toNumber(digits) - above),
  );
  // Anthropic: "200000 > 8192, which is the maximum"
  const compared = [...read.matchAll(/(\d{1,12})\s?>\s?(\d{1,12})/g)].flatMap(([, larger, smaller]) =>
    Number(larger) === sent ? Number(smaller) : [],
  );
  const lower = [...named, ...compared].filter((number) => number >= 1 && number < sent);
  return lower.length > 0 ? Math.max(...lower) : undefined;
}

function toNumber(digits: string): number {
  return Number(digits.replace(/[,_]/g, ''));
}
