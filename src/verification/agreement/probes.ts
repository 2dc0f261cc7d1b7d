/**
 * Builds calls that reveal differences between programs: the calls of the request and of the programs' own tests, and variants of them.
 * Pure.
 */
import type { Literal } from '../../sandbox/host/python-literal';
import { callsIn, type Call as Written } from '../examples/calls';
import { listFunctions, type Subject } from '../examples/subject';
import { print } from './print';
import { list, text, listVariants, whole } from './variants';

const MOST = 48;

type Call = Pick<Written, 'name' | 'given'>;

/** Call expressions for the functions that all programs define; none if no arguments for them are known. */
export function makeProbes(request: string, programs: readonly string[]): string[] {
  const shared = sharedFunctions(programs);
  const known = [request, ...programs].flatMap(callsIn).filter(({ name }) => shared.has(name));
  const seeds = different(known.length > 0 ? known : [...shared.values()].flatMap(guesses));
  // first the calls themselves, then one variant of each in turn
  const rows = seeds.map((seed) => [seed, ...neighbours(seed)]);
  const longest = Math.max(0, ...rows.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, i) => rows.flatMap((row) => row[i] ?? [])).flat();
  return [...new Set(inTurn.map(write))].slice(0, MOST);
}

/** Distinct calls, up to {@link MOST}. */
function different(calls: readonly Call[]): Call[] {
  const byText = new Map<string, Call>();
  for (const call of calls) {
    if (byText.size === MOST) break;
    const text = write(call);
    if (!byText.has(text)) byText.set(text, call);
  }
  return [...byText.values()];
}

/** The functions that all programs define, by name, with the parameters of the first program. */
function sharedFunctions(programs: readonly string[]): Map<string, Subject> {
  const [first = [], ...others] = programs.map(listFunctions);
  const names = others.map((defined) => new Set(defined.map(({ name }) => name)));
  const isShared = ({ name }: Subject) => !name.startsWith('test') && names.every((known) => known.has(name));
  return new Map(first.filter(isShared).map((defined) => [defined.name, defined]));
}

function neighbours({ name, given }: Call): Call[] {
  return given.flatMap((argument, at) =>
    listVariants(argument.value).map((value) => ({ name, given: given.with(at, { ...argument, value }) })),
  );
}

function write({ name, given }: Call): string {
  const list = given.map((argument) => (argument.name ? `${argument.name}=` : '') + print(argument.value));
  return `${name}(${list.join(', ')})`;
}

/** Common arguments. A call that fails in all programs reveals nothing, but does no harm. */
const GUESSES: readonly (readonly Literal[])[] = [
  [2, 1, 3, 0, 5, 10].map(whole),
  ['abc', 'a', '', 'Hello World', 'level'].map(text),
  [list(...[3, 1, 2].map(whole)), list(whole(1)), list(), list(...[1, 2, 2, 5].map(whole))],
];

function guesses({ name, required }: Subject): Call[] {
  const count = required.length;
  if (count === 0) return [];
  const take = (values: readonly Literal[], from: number) =>
    Array.from({ length: count }, (_, i) => ({ name: '', value: values[(from + i) % values.length]! }));
  return GUESSES.flatMap((values) => values.map((_value, from) => ({ name, given: take(values, from) })));
}
