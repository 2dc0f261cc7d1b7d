/** Finds patterns and compositions by name. The API imports this too, for the declarations only. */
import * as compositionModules from './compositions';
import * as patternModules from './patterns';
import type { Composition, Pattern } from './pattern';

/** The compiler determines the order of names in a namespace object, so they are sorted. */
const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);

export const PATTERNS: readonly Pattern[] = Object.values(patternModules).sort(byName);
export const COMPOSITIONS: readonly Composition[] = Object.values(compositionModules).sort(byName);
/** All values that a definition's `pattern` may have. */
export const PATTERN_NAMES: readonly string[] = [...PATTERNS, ...COMPOSITIONS].map(({ name }) => name);

export const findPattern = (name: string) => PATTERNS.find((pattern) => pattern.name === name);
export const findComposition = (name: string) => COMPOSITIONS.find((composition) => composition.name === name);
