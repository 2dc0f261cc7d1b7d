/** The examples of a request in the language of the program that is put to them. */
import type { Check } from '../../contract/checks';
import { languageOf } from '../../contract/languages';
import type { Program } from '../code-blocks';
import { examplesOf } from '.';
import { javaScriptExamplesOf } from './javascript';

/** None where it is not known how the language would write them. */
export function examplesFor({ language, files }: Program, request: string): Check[] {
  if (language === 'python') return examplesOf(request);
  const isJavaScript = languageOf(language)?.interpreter === 'javascript';
  return isJavaScript ? javaScriptExamplesOf(request, files[0]?.text ?? '') : [];
}
