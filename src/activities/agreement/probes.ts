/** Calls that show where programs differ: those of the request and of the programs' own tests, and others that are near to them. Pure. */
import type { Literal } from '../../sandbox/python-literal';
import { callsIn, type Call as Written } from '../examples/calls';
import { functionsOf, type Subject } from '../examples/subject';
import { print } from './print';
import { list, text, variantsOf, whole } from './variants';

const MOST = 48;
/** Longest text in which calls are looked for. */
const TEXT_LIMIT = 20_000;

type Call = Pick<Written, 'name' | 'given'>;

/** Expressions for functions that all the programs define; none where nothing is known that they could be given. */
export function probesOf(request: string, programs: readonly string[]): string[] {
  const shared = sharedFunctions(programs);
  const known = [request, ...programs]
    .flatMap((source) => callsIn(source.slice(0, TEXT_LIMIT)))
    .filter(({ name }) => shared.has(name));
  const seeds = known.length > 0 ? known : [...shared.values()].flatMap(guesses);
  // the calls themselves first, then one variant of each in turn
  const rows = seeds.map((seed) => [seed, ...neighbours(seed)]);
  const longest = Math.max(0, ...rows.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, i) => rows.flatMap((row) => row[i] ?? [])).flat();
  return [...new Set(inTurn.map(write))].slice(0, MOST);
}

/** By name, as the first of the programs defines them. */
function sharedFunctions(programs: readonly string[]): Map<string, Subject> {
  const [first = [], ...others] = programs.map(functionsOf);
  const isShared = ({ name }: Subject) =>
    !name.startsWith('test') && others.every((defined) => defined.some((other) => other.name === name));
  return new Map(first.filter(isShared).map((defined) => [defined.name, defined]));
}

function neighbours({ name, given }: Call): Call[] {
  return given.flatMap((argument, at) =>
    variantsOf(argument.value).map((value) => ({ name, given: given.with(at, { ...argument, value }) })),
  );
}

function write({ name, given }: Call): string {
  const list = given.map((argument) => (argument.name ? `${argument.name}=` : '') + print(argument.value));
  return `${name}(${list.join(', ')})`;
}

/** What functions are mostly given. A call that fails in all programs tells nothing, and does no harm. */
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
