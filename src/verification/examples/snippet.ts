/** Analyses a piece of Python in a request and the variables that it uses: it can be executed only if all of them have a value. */
import { listStatements, parsePython, type SyntaxNode } from '../../sandbox/host/python-syntax';

export interface Snippet {
  /** A single expression, whose value can be compared. */
  isExpression: boolean;
  /** A single `assert`. */
  isAssertion: boolean;
  /** Defines or changes something that later lines use. */
  isPreparation: boolean;
  /** A function call: it may change a prepared value that it is given. */
  isCall: boolean;
  /** All names in it. */
  names: ReadonlySet<string>;
  /** The variables that it uses without defining them. */
  needs: string[];
  /** The names that it defines for later lines. */
  makes: string[];
}

const BINDING: ReadonlySet<string> = new Set([
  ...['AssignStatement', 'ImportStatement', 'FunctionDefinition', 'ClassDefinition', 'DecoratedStatement'],
]);
const PREPARING: ReadonlySet<string> = new Set([
  ...BINDING,
  ...['UpdateStatement', 'DeleteStatement', 'ForStatement', 'WithStatement'],
]);
const GROUPS: ReadonlySet<string> = new Set(['TupleExpression', 'ArrayExpression', 'ParenthesizedExpression']);
/** Names that have a value without a definition. */
const BUILT_IN: ReadonlySet<string> = new Set(
  'int float complex str bytes bool list tuple set frozenset dict object type len sum min max sorted abs round'.split(
    ' ',
  ),
);

const NO_PYTHON: Snippet = {
  ...{ isExpression: false, isAssertion: false, isPreparation: false, isCall: false },
  ...{ names: new Set<string>(), needs: [], makes: [] },
};

export function readSnippet(code: string): Snippet {
  const tree = parsePython(code);
  const [first, ...others] = tree ? listStatements(tree) : [];
  if (!tree || !first) return NO_PYTHON;
  return { ...readKind(first, others.length === 0), ...readNames(code, tree.topNode) };
}

function readKind(first: SyntaxNode, isOnly: boolean): Omit<Snippet, keyof ReturnType<typeof readNames>> {
  const statement = first.name === 'StatementGroup' ? (first.firstChild ?? first) : first;
  const isExpression = statement.name === 'ExpressionStatement';
  return {
    isExpression: isOnly && first.name === 'ExpressionStatement',
    isAssertion: isOnly && first.name === 'AssertStatement',
    isPreparation: PREPARING.has(statement.name) || (isExpression && beginsWithMethod(statement)),
    isCall: isOnly && isExpression && isFunctionCall(statement.firstChild),
  };
}

function isFunctionCall(expression: SyntaxNode | null): boolean {
  return nameKind(expression) === 'CallExpression' && nameKind(expression?.firstChild) === 'VariableName';
}

/** One pass over the tree: each name is classified by what precedes it, and waits for the token after its list. */
function readNames(code: string, root: SyntaxNode): Pick<Snippet, 'names' | 'needs' | 'makes'> {
  const names = new Set<string>();
  const uses: NameUses = { used: new Set(), bound: new Set(), made: new Set() };
  const open: OpenNode[] = [];
  root.cursor().iterate(
    ({ name: kind, from, to }) => {
      if (GROUPS.has(kind)) return;
      const text = code.slice(from, to);
      if (kind === 'VariableName' || kind === 'PropertyName') names.add(text);
      const node = open.at(-1);
      if (node) readNode(uses, node, kind, text);
      open.push({ kind, mode: '', last: '', waiting: [] });
    },
    ({ name: kind }) => {
      const node = GROUPS.has(kind) ? undefined : open.pop();
      if (node) useWaiting(uses, node);
    },
  );
  const { used, bound, made } = uses;
  return { names, needs: [...used].filter((name) => !bound.has(name) && !BUILT_IN.has(name)), makes: [...made] };
}

/** Variables that are read, those that are assigned, and those of the latter that later lines can use. */
type NameUses = Record<'used' | 'bound' | 'made', Set<string>>;

/** A node whose children are being visited. */
interface OpenNode {
  kind: string;
  /** Its last child that is not part of a list of names, such as `for`. */
  mode: string;
  /** Its last child. */
  last: string;
  /** Names that are assigned if an equals sign follows. */
  waiting: string[];
}

/** Groups are ignored: their names are treated as children of the node around them. */
const LIST_SIGNS: ReadonlySet<string> = new Set([',', '*', '(', ')', '[', ']']);

function readNode(uses: NameUses, node: OpenNode, kind: string, text: string): void {
  if (kind === 'VariableName') {
    takeName(uses, node, text);
  } else if (kind === 'AssignOp' || kind === 'TypeDef') {
    bind(uses, node, takeTargets(node));
    node.mode = kind;
  } else if (!LIST_SIGNS.has(kind)) {
    useWaiting(uses, node);
    node.mode = kind;
  }
  node.last = kind;
}

/** The names before an equals sign: a list of them in an assignment, elsewhere at most the one directly before it. */
function takeTargets({ kind, last, waiting }: OpenNode): string[] {
  if (kind === 'AssignStatement') return waiting.splice(0);
  return last === 'VariableName' ? waiting.splice(-1) : [];
}

function takeName(uses: NameUses, node: OpenNode, name: string): void {
  const isCalled = node.kind === 'CallExpression' && node.last === '';
  if (isTarget(node)) bind(uses, node, [name]);
  else if (!isCalled) node.waiting.push(name);
}

function isTarget({ kind, mode, last }: OpenNode): boolean {
  if (kind === 'ParamList') return last !== 'AssignOp';
  return kind === 'ImportStatement' || /^(?:for|as)$/.test(mode) || /^(?:def|class)$/.test(last);
}

function bind({ bound, made }: NameUses, { kind }: OpenNode, names: readonly string[]): void {
  for (const name of names) {
    bound.add(name);
    if (BINDING.has(kind)) made.add(name);
  }
}

function useWaiting({ used }: NameUses, node: OpenNode): void {
  for (const name of node.waiting.splice(0)) used.add(name);
}

/** Whether an expression begins with a method call, such as `stack.push(1)`. */
function beginsWithMethod(expression: SyntaxNode): boolean {
  for (let node = expression.firstChild; node; node = node.firstChild) {
    if (node.name === 'CallExpression' && node.firstChild?.name === 'MemberExpression') return isPath(node.firstChild);
  }
  return false;
}

/** Whether it consists only of names and dots. */
function isPath(expression: SyntaxNode): boolean {
  let node = expression;
  while (node.name === 'MemberExpression' && node.firstChild && nameKind(node.lastChild) === 'PropertyName') {
    node = node.firstChild;
  }
  return node.name === 'VariableName';
}

function nameKind(node: SyntaxNode | null | undefined): string {
  return node?.name ?? '';
}
