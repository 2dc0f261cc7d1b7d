/** Converts TypeScript and modules to scripts that the interpreter accepts, and lists the packages that they need. */
import { transform, type Options } from 'sucrase';
import type { SourceFile } from '../../contract/checks';

/** The modules of a file other than the main one, by name; none if no program can import it. */
export function toModules({ path: name, text }: SourceFile): [string, string][] {
  if (name.endsWith('.json')) return [[name, `module.exports = ${text}`]];
  return /\.[mc]?[jt]sx?$/.test(name) ? [[name, strip(text)]] : [];
}

/** Converts TypeScript to JavaScript, and modules to `require` and `exports`. */
export function strip(text: string): string {
  const options = { disableESTransforms: true, production: true };
  try {
    return transform(text, { ...options, transforms: ['typescript', 'imports'] }).code;
  } catch (error) {
    return stripElements(text, options) ?? fail(error);
  }
}

/** Also converts JSX elements. React is not available, and the report must say that instead of calling the source invalid. */
function stripElements(text: string, options: Omit<Options, 'transforms'>): string | undefined {
  try {
    return transform(text, { ...options, transforms: ['jsx', 'typescript', 'imports'] }).code;
  } catch {
    return undefined;
  }
}

function fail(error: unknown): never {
  throw error;
}

const PROVIDED = new Set([
  ...['assert', 'assert/strict', 'test', 'vitest', '@jest/globals', 'util', 'process', 'os', 'perf_hooks'],
  ...['timers', 'timers/promises', 'events', 'path', 'buffer'],
]);

/** Packages that the sources require and that are not available. */
export function listPackages(sources: string[]): string[] {
  const names = sources.flatMap((source) => [...source.matchAll(/\brequire\(\s*['"]([^'"./][^'"]*)['"]\s*\)/g)]);
  return [...new Set(names.map(([, name = '']) => name.replace(/^node:/, '')))].filter((name) => !PROVIDED.has(name));
}
