/**
 * No text can block a process: each reader parses 200,000 characters of each expensive shape in linear, not quadratic time.
 * A new reader cannot be forgotten: modules with regular expressions, and their exports, must all be listed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { awkwardShapes, combinedShapes, type Shape } from './support/awkward-texts';
import { measureReading, measureSlowness, REFERENCE_MS, workAsEver } from './support/reading-time';
import { OTHER_EXPORTS, OTHER_MODULES, READERS, type Reader } from './support/text-readers';

const SOURCES = join(__dirname, '..', 'src');
/** Limit on a machine that runs `workAsEver` in `REFERENCE_MS`; scaled up if the machine is slower during the test. */
const LIMIT_MS = 100;
/** Maximum growth of time for ten times the text; quadratic time would grow by a hundred. */
const LINEAR_GROWTH = 20;
const LINEAR_LIMIT_MS = 500;
/** A shape that is too slow is detected in a shorter text, in which it cannot hang. */
const SIZES = [2000, 20_000, 200_000];
/** If a tenth of the text takes this time, all of it is within the limit, even if the time is quadratic. */
const BOUNDED_MS = LIMIT_MS / 100;
/** Number of further combinations, which differ for each seed. */
const COMBINED = 150;
const SEED = Number(process.env.TEXT_SEED ?? 1);
/** A reader that fails on this many shapes is not run any more. */
const ENOUGH = 3;

const readers = Object.entries(READERS).flatMap(([module, named]) =>
  Object.entries(named).map(([name, read]) => [`${module} ${name}`, read] as const),
);
/** By reader: the shapes that took too long, and their texts. */
const slow = new Map<string, Slow[]>(readers.map(([name]) => [name, []]));
interface Slow {
  shape: string;
  text: string;
  ms: number;
}

beforeAll(async () => {
  for (const [shape, make] of [...awkwardShapes(), ...combinedShapes(SEED, COMBINED)]) await feedAll(shape, make);
  await measureAgain();
}, 600_000);

it.each(readers)('%s reads all of them in time', (name) => {
  const found = slow
    .get(name)!
    .map(({ shape, text, ms }) => `${shape} (${text.length} characters): ${Math.round(ms)} ms`);
  expect(found).toEqual([]);
});

it('the measurement detects a quadratic expression', async () => {
  const spaces = ' '.repeat(30_000);
  expect(await measure((text) => /^\s+.*!$/.test(`${text}x`), spaces)).toBeGreaterThan(LIMIT_MS);
});

it('the reference speed is not far from this machine', async () => {
  const ms = await measureReading(workAsEver, 0);
  expect(ms).toBeGreaterThan(REFERENCE_MS / 10);
});

it('at least 40 shapes are tested', () => expect(awkwardShapes().size).toBeGreaterThan(40));

describe('each module with regular expressions', () => {
  const modules = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => parse(join(SOURCES, file)));

  it('is among the readers, or is known to read only text of limited length', () => {
    const listed = [...Object.keys(READERS), ...OTHER_MODULES];
    const missing = modules.filter(hasExpressions).map(nameModule);
    expect(missing.filter((name) => !listed.includes(name))).toEqual([]);
    const known = modules.map(nameModule);
    expect(listed.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has all its exports listed', () => {
    const exported = modules.flatMap((module) => {
      const name = nameModule(module);
      return name in READERS ? listExports(module).map((one) => `${name} ${one}`) : [];
    });
    const others = Object.entries(OTHER_EXPORTS).flatMap(([module, names]) => names.map((name) => `${module} ${name}`));
    const listed = [...readers.map(([name]) => name), ...others];
    expect(exported.filter((name) => !listed.includes(name))).toEqual([]);
    expect(others.filter((name) => !exported.includes(name))).toEqual([]);
  });
});

/** Skips the longest text for readers that have proved fast enough on a tenth of it. */
async function feedAll(shape: string, make: Shape): Promise<void> {
  const needed = new Map<string, number>();
  for (const size of SIZES) {
    const text = make(size);
    for (const [name, read] of readers) {
      const found = slow.get(name)!;
      if (found.length >= ENOUGH || found.some((one) => one.shape === shape)) continue;
      if (size === SIZES.at(-1) && needed.get(name)! <= BOUNDED_MS) continue;
      const ms = await measure(read, text);
      needed.set(name, ms);
      if (ms > LIMIT_MS) found.push({ shape, text, ms });
    }
  }
}

/**
 * A machine that is busy for seconds slows down all tries of a reader; a slow reader stays slow. A machine that is slow throughout also
 * slows down reference work of known duration, and linear work takes a tenth of the time for a tenth of the text.
 */
async function measureAgain(): Promise<void> {
  for (const [name, read] of readers) {
    const again: Slow[] = [];
    for (const one of slow.get(name)!) {
      const ms = await measure(read, one.text);
      const slowness = await measureSlowness();
      const isSlow = ms > LIMIT_MS * slowness;
      const isLinear =
        ms < LINEAR_LIMIT_MS && ms < LINEAR_GROWTH * (await measure(read, one.text.slice(0, one.text.length / 10)));
      if (isSlow && !isLinear) again.push({ ...one, ms });
    }
    slow.set(name, again);
  }
}

const measure = (read: Reader, text: string) => measureReading(() => read(text), LIMIT_MS);

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

function nameModule({ fileName }: ts.SourceFile): string {
  return relative(SOURCES, fileName).replace(/\.tsx?$/, '');
}

function hasExpressions(source: ts.SourceFile): boolean {
  const isExpression = (node: ts.Node): boolean =>
    ts.isRegularExpressionLiteral(node) || (ts.isNewExpression(node) && node.expression.getText() === 'RegExp');
  const holds = (node: ts.Node): boolean => isExpression(node) || (ts.forEachChild(node, holds) ?? false);
  return holds(source);
}

/** Returns functions and classes; a type reads nothing, and a constant is read by something else. */
function listExports(source: ts.SourceFile): string[] {
  return source.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return statement.name?.text ?? [];
    if (!ts.isVariableStatement(statement)) return [];
    const functions = statement.declarationList.declarations.filter(
      ({ initializer }) => initializer && ts.isFunctionLike(initializer),
    );
    return functions.map(({ name }) => name.getText());
  });
}
