/** The functions that a JavaScript or TypeScript program defines where a check can reach them: at the margin. */

const FUNCTION = /^(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s+([A-Za-z_]\w*)/gm;
const VARIABLE =
  /^(?:export\s+)?(?:const|let|var)\s+([A-Za-z_]\w*)\b[^;\n]*?=\s*(?:async\b|function\b(?!\s*\*)|[(<]|\w+\s*=>|[\w.]+\(.{0,80}(?:=>|function\b))/gm;
/** Is run as one function, which keeps what it defines to itself. */
const WAITS = /^(?!.*\basync\b)\S.*\bawait\b|^for await\b/m;
const BLOCK = /^(?:try|if|for|while|do|switch)\b|^\{/m;

/** None where the program waits outside of functions: nothing of it can be reached then. */
export function definedIn(source: string): Set<string> {
  if (WAITS.test(source) || (BLOCK.test(source) && /\bawait\b/.test(source))) return new Set();
  return new Set([FUNCTION, VARIABLE].flatMap((form) => [...source.matchAll(form)].map(([, name = '']) => name)));
}
