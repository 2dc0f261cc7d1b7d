/** Classifies errors that gateways describe only in words, using the type names of the failure table. */

export type WordedType = 'context_length_exceeded' | 'country_refused' | 'model_refused' | 'content_policy_violation';

/** Too small a context, in the words of OpenAI, vLLM, SGLang, TGI, llama.cpp, Ollama, Anthropic, Gemini, Cohere, Mistral, xAI, Alibaba. */
const TOO_LONG = [
  /maximum (?:context|model|prompt|input|sequence) (?:length|size|tokens)/i,
  /(?:exceed|larger|longer|greater|bigger|overflow|beyond|too large|too small)[^\n]{0,80}context (?:length|window|size|limit)/i,
  /context[ _-]?(?:length|window|size|limit)[^\n]{0,40}(?:exceed|overflow|too (?:small|long)|reached|is only|of only)/i,
  /exceed(?:s|ed|ing)? (?:the )?(?:model'?s? |available |allowed )?(?:maximum )?(?:context|token limit|input limit)/i,
  /context the overflows/i,
  /(?:prompt|input|request|messages?|conversation) (?:is|are|was) too (?:long|large)\b[^\n]{0,60}(?:token|model|maximum|context|:|$)/im,
  /(?:prompt|input) too long/i,
  /too many (?:input |prompt |total )?tokens/i,
  /input (?:token count|tokens?|length)[^\n]{0,40}(?:exceed|longer|must be (?:<|less)|greater|larger)/i,
  /token count[^\n]{0,40}exceeds/i,
  /too large for [^\n]{0,60}\bmodel\b/i,
  /`?inputs`? (?:tokens \+|must have less than)/i,
  /(?:reduce|shorten) (?:the length of|your) (?:the )?(?:messages?|prompt|input|conversation)/i,
  /range of input length should be/i,
  /total number of tokens[^\n]{0,60}exceed/i,
  /(?:exceed_context_size|context_length|context_window|prompt_too_long|tokens_limit_reached|max_context)/i,
  /prompt\s*超长|输入[^\n]{0,10}过长/i,
];

/** The gateway does not serve this country or region. */
const COUNTRY = [
  /country, region,? or territory/i,
  /(?:country|region|territory|location)[^\n]{0,40}(?:not (?:supported|available|allowed|permitted)|unsupported|blocked|banned|restricted)/i,
  /(?:not (?:supported|available)|unavailable|unsupported|blocked)[^\n]{0,30}(?:in|from|for) (?:your|this) (?:country|region|location|territory)/i,
  /unsupported_country|geo[_ -]?block/i,
];

/** The key has no access to this model, but may have access to another. */
const MODEL = [
  /(?:access|permission|allowed|authori[sz]ed|entitled|subscribed)[^\n]{0,60}\bmodel\b/i,
  /\bmodel\b[^\n]{0,60}(?:no access|not (?:allowed|permitted|authori[sz]ed|enabled)|access (?:is )?denied|gated|restricted)/i,
];

/** The content was moderated and refused. */
const CONTENT = [
  /\b(?:flagged|moderation|guardrails?)\b/i,
  /content[ _-](?:polic(?:y|ies)|filter(?:ed|ing)?|management|safety|moderation|violation)/i,
  /(?:usage|safety|acceptable use|responsible ai) polic(?:y|ies)/i,
  /(?:violat|prohibit|harmful|inappropriate|unsafe|sensitive)[^\n]{0,30}\bcontent\b/i,
  /data_?inspection_?failed|content_policy|responsibleaipolicyviolation|prohibited_content/i,
];

const isIn = (patterns: readonly RegExp[], words: string) => patterns.some((pattern) => pattern.test(words));

/** Maximum length that is searched. UTF-16 units. */
const READ_LIMIT = 4000;
/** An HTML page contains words unrelated to the request. */
const PAGE = /^\s*(?:\d{3}\s+)?<(?:!doctype|html|head|body|\?xml)/i;

export function isPage(text: string): boolean {
  return PAGE.test(text.slice(0, 200));
}

/** Returns the type that the text denotes; undefined if it denotes none, or one that does not match the status. */
export function typeInWords(status: number | undefined, text: string): WordedType | undefined {
  const words = text.slice(0, READ_LIMIT);
  if (isPage(words)) return undefined;
  if (isRequestStatus(status) && isIn(TOO_LONG, words)) return 'context_length_exceeded';
  if (status === 403) return typeOf403(words);
  return isRequestStatus(status) && isIn(COUNTRY, words) ? 'country_refused' : undefined;
}

function typeOf403(words: string): WordedType | undefined {
  if (isIn(COUNTRY, words)) return 'country_refused';
  if (isIn(CONTENT, words)) return 'content_policy_violation';
  return isIn(MODEL, words) ? 'model_refused' : undefined;
}

/** Statuses of rejections about the request. An error inside a stream may have no status, and some servers use 500. */
function isRequestStatus(status: number | undefined): boolean {
  return status === undefined || [400, 413, 422, 500].includes(status);
}
