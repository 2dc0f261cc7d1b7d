/** A review has passed the work only when its first verdict says so: what follows may quote the other. */
import { CODE_REVIEWER, VERDICT_REQUEST } from '../../src/contract/prompts';
import { readVerdict } from '../../src/contract/verdict';

it.each([
  ['the line as it was asked for', 'VERDICT: PASS\nNo faults.'],
  ['other case', 'verdict: pass'],
  ['bold type', '**VERDICT: PASS**'],
  ['bold type around a part', '**VERDICT:** PASS'],
  ['a full stop behind it', 'VERDICT: PASS.'],
  ['white space behind it', 'VERDICT: PASS  \n\n'],
  ['the verdict on the next line', 'VERDICT:\nPASS'],
  ['words before it', 'Here is my review.\n\nVERDICT: PASS'],
  ['another verdict behind it', 'VERDICT: PASS\nI found no reason for VERDICT: REVISE.'],
])('passes with %s', (_, text) => {
  expect(readVerdict(text)).toBe('pass');
});

it.each([
  ['the line as it was asked for', 'VERDICT: REVISE\n1. It crashes on 0.'],
  ['no verdict at all', 'Looks good to me.'],
  ['an empty text', ''],
  ['praise without the word', 'All tests pass. PASS.'],
  ['another word', 'VERDICT: FAIL'],
  ['a verdict that is denied', 'VERDICT: NOT A PASS'],
  ['another verdict behind it', 'VERDICT: REVISE\n1. It crashes on 0. Mended, it would be VERDICT: PASS.'],
])('sends the work back with %s', (_, text) => {
  expect(readVerdict(text)).toBe('revise');
});

it.each([
  ['the code reviewer', CODE_REVIEWER],
  ['the moderator of a review', VERDICT_REQUEST],
])('reads both lines that %s is asked for', (_, prompt) => {
  const lines = [...prompt.matchAll(/"(VERDICT[^"]*)"/g)].map(([, line]) => line!);
  expect(lines.map(readVerdict)).toEqual(['pass', 'revise']);
});
