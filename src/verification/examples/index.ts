/** Extracts the examples of a request, which its author expects the program to satisfy, as executable checks. Pure. */
import type { Check } from '../../contract/checks';
import { findLanguage } from '../../contract/languages';
import type { Program } from '../extract-program';
import { extractJavaScriptExamples } from './javascript';
import { extractPythonExamples } from './python';

/** Examples in the language of the program; none if the notation of that language is unknown. */
export function extractExamples({ language, files }: Program, request: string): Check[] {
  if (language === 'python') return extractPythonExamples(request);
  const isJavaScript = findLanguage(language)?.interpreter === 'javascript';
  return isJavaScript ? extractJavaScriptExamples(request, files[0]?.text ?? '') : [];
}
