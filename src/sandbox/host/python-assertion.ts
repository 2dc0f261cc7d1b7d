/**
 * Parses a Python `assert` statement, so that the expected value is compared outside the interpreter and is not in the program's memory.
 * Statements that are not understood with certainty are left unchanged.
 */
import { canonical } from './python-literal';
import { listChildren, listStatements, parsePython, type SyntaxNode } from './python-syntax';

/** A comparison of an expression with a constant. If the constant is not a literal, only Python itself can determine its value. */
export interface Equation {
  expression: string;
  constant: string;
  isLiteral: boolean;
}

export interface Assertion {
  equation?: Equation;
  /** The same assertion, with an error message that shows the compared values. */
  explained: string;
}

const COMPARISONS: ReadonlySet<string> = new Set(['CompareOp', 'is', 'in', 'not']);
/** The node types of a constant, not counting signs between them. */
const CONSTANTS: ReadonlySet<string> = new Set([
  ...['Number', 'String', 'ContinuedString', 'Escape', 'Boolean', 'None'],
  ...['UnaryExpression', 'BinaryExpression', 'ArithOp'],
  ...['ParenthesizedExpression', 'TupleExpression', 'ArrayExpression', 'SetExpression', 'DictionaryExpression'],
]);
/** Escapes that the literal reader does not support. */
const RARE_ESCAPE = /\\[0-7N]/;

/** Undefined for anything other than a single assertion. */
export function readAssertion(statement: string): Assertion | undefined {
  const source = statement.trim();
  const [, test, ...more] = findAssertion(source) ?? [];
  if (!test) return undefined;
  const message = cut(source, ...more.slice(1));
  const condition = unwrap(test);
  const comparison = readComparison(condition);
  if (!comparison) return { explained: explainTruth(cut(source, condition), message) };
  const [left, sign, right] = comparison.map((nodes) => cut(source, ...nodes)) as [string, string, string];
  const explained = explainComparison(left, sign, right, message);
  const isLiteral = isKnownLiteral(right);
  const isEquation = (sign === '==' || sign === 'is') && (isLiteral || isConstant(source, comparison[2][0]));
  return isEquation ? { equation: { expression: left, constant: right, isLiteral }, explained } : { explained };
}

/** The parts of an `assert` that is the only statement, with an optional trailing semicolon. */
function findAssertion(source: string): SyntaxNode[] | undefined {
  const tree = parsePython(source);
  const [only, ...others] = tree ? listStatements(tree) : [];
  if (!only || others.length > 0) return undefined;
  const [statement, ...rest] = only.name === 'StatementGroup' ? listChildren(only) : [only];
  const isSingle = statement?.name === 'AssertStatement' && rest.every(({ name }) => name === ';');
  return isSingle ? listChildren(statement) : undefined;
}

/** Removes parentheses around the whole condition. */
function unwrap(condition: SyntaxNode): SyntaxNode {
  let inner = condition;
  while (inner.name === 'ParenthesizedExpression') inner = listChildren(inner)[1]!;
  return inner;
}

/** The sides and the operator of a single comparison. */
function readComparison(condition: SyntaxNode): [SyntaxNode[], SyntaxNode[], SyntaxNode[]] | undefined {
  if (!isComparison(condition)) return undefined;
  const [left, ...rest] = listChildren(condition);
  const right = rest.pop();
  return left && right && ![left, right].some(isComparison) ? [[left], rest, [right]] : undefined;
}

function isComparison({ name, firstChild }: SyntaxNode): boolean {
  return name === 'BinaryExpression' && COMPARISONS.has(firstChild?.nextSibling?.name ?? '');
}

function isConstant(source: string, node: SyntaxNode | undefined): boolean {
  let isKnown = node !== undefined;
  node?.cursor().iterate(({ name, from, to }) => {
    const isSign = name === 'ArithOp' && !/^[+-]$/.test(source.slice(from, to));
    if (isSign || (/^[A-Z]/.test(name) && !CONSTANTS.has(name))) isKnown = false;
    return isKnown;
  });
  return isKnown;
}

function isKnownLiteral(text: string): boolean {
  return !RARE_ESCAPE.test(text) && canonical(text) !== undefined;
}

function cut(source: string, ...nodes: SyntaxNode[]): string {
  return source.slice(nodes[0]?.from ?? 0, nodes.at(-1)?.to ?? 0);
}

const SHOWN = '!r:.400';
const [LEFT, RIGHT] = ['__left', '__right'];

function explainComparison(left: string, sign: string, right: string, message: string): string {
  const [a, b] = [showSide(left, LEFT), showSide(right, RIGHT)];
  const explanation = `f'''assert ${a.shown} ${sign} ${b.shown}'''${a.where}${b.where}`;
  return `assert ${a.held} ${sign} ${b.held}, ${withMessage(message, explanation)}\n${LEFT} = ${RIGHT} = None`;
}

function explainTruth(condition: string, message: string): string {
  const { held, shown, where } = showSide(condition, LEFT);
  return `assert ${held}, ${withMessage(message, `f'''assert ${shown}'''${where}`)}\n${LEFT} = None`;
}

/** One side of a comparison: bound to a name, the display of its value, and the source of that value. */
function showSide(source: string, name: string): { held: string; shown: string; where: string } {
  const shown = `{${name}${SHOWN}}`;
  const isPlain = isKnownLiteral(source) || /^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(source);
  const where = isPlain ? '' : ` f'''\n +  where ${shown} = ''' ${JSON.stringify(toLine(source))}`;
  return { held: `(${name} := (\n${source}\n))`, shown, where };
}

function withMessage(message: string, explanation: string): string {
  return message ? `f'''{(\n${message}\n)}\n''' ${explanation}` : explanation;
}

function toLine(source: string): string {
  return source
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
}
