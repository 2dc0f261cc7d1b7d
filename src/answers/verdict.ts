/** Reads the line in which a reviewer passes work or sends it back. Part of the workflow bundle. */
import { findDeclarations } from './declared-line';
import type { Verdict } from '../contract/runs';

/**
 * The verdict of a review: from its first line if that begins with the keyword, otherwise from the last line that does. Only an
 * unconditional PASS passes: a line with both words or neither, a negation, a question or a condition sends the work back.
 */
export function readVerdict(text: string): Verdict {
  const declarations = findDeclarations(text, 'VERDICT');
  const line = declarations[0]?.isFirst ? declarations[0] : declarations.at(-1);
  return line && !line.isDoubtful && isPass(line.value) ? 'pass' : 'revise';
}

const PASS = /^\[?PASS\]?(?!_{0,3}[A-Za-z0-9])/i;
/** A remark after PASS must follow one of these. Without a delimiter the sentence continues, as in "PASS if". */
const DELIMITER = /[.,;:!()[\]…\u2010-\u2015\u2212✅✔☑]|\s-|-\s/;
/** Characters allowed between PASS and a remark. */
const BETWEEN = /^[\s\u200b-\u200d\u2060\ufeff*_.,;:!()[\]…\u2010-\u2015\u2212✅✔☑-]*$/;

/** A remark that begins with one of these words retracts the verdict or makes it conditional. */
const RETRACTIONS = new Set(
  (
    'not never nope false or nor vs versus if once when unless until only but except provided after before pending conditional ' +
    'conditionally assuming subject would could should cannot cant wont isnt fail fails failed failing reject rejected denied impossible maybe ' +
    'perhaps possibly almost nearly'
  ).split(' '),
);

function isPass(value: string): boolean {
  const pass = PASS.exec(value)?.[0];
  if (pass === undefined || /\bREVISE\b/i.test(value)) return false;
  const rest = value.slice(pass.length);
  const between = /^[^\p{L}\p{N}]*/u.exec(rest)![0];
  const remark = rest.slice(between.length);
  if (!BETWEEN.test(between.replaceAll('\ufe0f', ''))) return false;
  return remark === '' || (DELIMITER.test(between) && !isRetraction(remark));
}

function isRetraction(remark: string): boolean {
  const word = /^[\p{L}\p{N}'’]+/u.exec(remark)![0];
  if (RETRACTIONS.has(word.toLowerCase().replace(/['’]/g, ''))) return true;
  // "no faults" is an explanation, "no" alone is a negation
  return /^no$/i.test(word) && !/^\s+\p{L}/u.test(remark.slice(word.length));
}
