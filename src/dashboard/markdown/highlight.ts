/** Syntax highlighting for the languages that swarms write most. */
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const LANGUAGES = { bash, css, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** Longer code is not highlighted, because that would block the page for several frames. UTF-16 units. */
export const COLOURED_LIMIT = 30_000;

/** Unusual code, on which some grammars take quadratic time: 30,000 spaces blocked the page for seconds. */
const AWKWARD = /\s{200}|[^\n]{1000}/;

/** The code as HTML with classes; undefined for an unknown language, and for code that is too long or awkward. */
export function highlight(code: string, language: string, limit: number): string | undefined {
  if (code.length > limit || !hljs.getLanguage(language) || AWKWARD.test(code)) return undefined;
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
