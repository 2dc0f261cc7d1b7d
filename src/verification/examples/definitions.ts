/** The functions of a JavaScript or TypeScript program that a check can reach: those at the top level. */

const FUNCTION = /^(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s+([A-Za-z_]\w*)/gm;
const VARIABLE =
  /^(?:export\s+)?(?:const|let|var)\s+([A-Za-z_]\w*)\b[^;\n]*?=\s*(?:async\b|function\b(?!\s*\*)|[(<]|\w+\s*=>|[\w.]+\(.{0,80}(?:=>|function\b))/gm;
/** Source with a top-level `await`: it is run as one function, whose definitions are local. */
const WAITS = /^(?!.*\basync\b)\S.*\bawait\b|^for await\b/m;
const BLOCK = /^(?:try|if|for|while|do|switch)\b|^\{/m;

/** Empty if the program awaits outside of functions: none of its functions can be reached then. */
export function listCallableNames(source: string): Set<string> {
  if (WAITS.test(source) || (BLOCK.test(source) && /\bawait\b/.test(source))) return new Set();
  return new Set([FUNCTION, VARIABLE].flatMap((form) => [...source.matchAll(form)].map(([, name = '']) => name)));
}
