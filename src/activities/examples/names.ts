/** Which variables a piece of Python uses: it can only be executed where all of them have a value. */

const TEXTS = /[bfru]{0,2}(?:'''[^]*?'''|"""[^]*?"""|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/gi;
/** Neither an attribute, nor what is called or passed by its name. */
const VARIABLE = /(?<![\w.])[A-Za-z_]\w*(?!\w|\s*(?:\(|=(?!=)))/g;
const BINDS = /\b(?:for|lambda|def|class|import|as)\s+([\w, ]+)/g;
const ASSIGNS = /^(\w+)\s*(?::[^=]*)?=(?!=)/;
const KNOWN = new Set(
  (
    'None True False and or not in is if elif else for while lambda assert import from as def class del with pass return try except raise ' +
    'int float complex str bytes bool list tuple set frozenset dict object type len sum min max sorted abs round'
  ).split(' '),
);

/** The variables in it to which it gives no value itself. */
export function variablesOf(code: string): string[] {
  const bare = code.replace(TEXTS, "''").replace(/#.*/g, '');
  const own = new Set(namesIn([...bare.matchAll(BINDS)].join(' ')));
  return (bare.match(VARIABLE) ?? []).filter((name) => !KNOWN.has(name) && !own.has(name));
}

/** What it gives a value to that later lines can use. */
export function madeBy(code: string): string[] {
  const [, variable = ''] = ASSIGNS.exec(code) ?? [];
  return variable ? [variable] : /^(?:import|from|def|class)\s/.test(code) ? namesIn(code.split('\n', 1)[0]!) : [];
}

export function namesIn(text: string): string[] {
  return text.match(/\w+/g) ?? [];
}
