/** Parses the info string of a fence: the language, and the file name if it is given there. Pure. */
import path from 'node:path';

export interface Info {
  /** In lower case; empty if there is none. */
  language: string;
  name: string | undefined;
}

/** A longer info string is not searched for a file name. UTF-16 units. */
const LONGEST_PLACE = 120;
const ENDINGS = new Set(
  'py js mjs cjs jsx ts mts cts tsx json csv tsv txt yaml yml toml ini cfg sql md html'
    .split(' ')
    .map((end) => `.${end}`),
);
/** The first word, also in the form of Pandoc's `{.python}` and of `python:app.py`. */
const FIRST_WORD = /^[{\s.]*([\w+#-]+(?:\.\d+)*)/;

/** Parses common forms: `python`, `python title="app.py"`, `python:app.py`, `app.py`, `{.python filename=app.py}`. */
export function readInfo(info: string): Info {
  const text = info.trim();
  const name = fileNameIn(text);
  const [, word = ''] = FIRST_WORD.exec(text) ?? [];
  const isNamedOnly = name !== undefined && text.startsWith(name);
  return { language: (isNamedOnly ? path.extname(name).slice(1) : word).toLowerCase(), name };
}

/** The first file name in a line, without a leading `./`. */
export function fileNameIn(line: string): string | undefined {
  if (line.length > LONGEST_PLACE) return undefined;
  const words = line.split(/[\s`*"'()=:,{}[\]<>]+/).map((word) => word.replace(/[.!?;]$/, '').replace(/^\.\//, ''));
  return words.find((word) => /^[\w.@/-]+$/.test(word) && ENDINGS.has(path.extname(word)));
}
