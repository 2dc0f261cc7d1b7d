/** Parses Python source in the parent, where nothing that a program does can influence it. */
import { parser } from '@lezer/python';

type Tree = ReturnType<typeof parser.parse>;
export type SyntaxNode = Tree['topNode'];

/** Stops at the first error, so that invalid text takes no longer than valid text. The parser itself limits the nesting of brackets. */
const strict = parser.configure({ strict: true });

/** The maximum length of a source, in UTF-16 units: examples are searched only in that much of a request. */
const LONGEST = 20_000;

/** Undefined if the source is not valid Python or too long. */
export function parsePython(source: string): Tree | undefined {
  if (source.length > LONGEST) return undefined;
  try {
    return strict.parse(source);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function listChildren(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

/** The top-level statements. */
export function listStatements({ topNode }: Tree): SyntaxNode[] {
  return listChildren(topNode).filter(({ name }) => name !== 'Comment');
}

/**
 * Splits a source into its top-level statements; comments belong to the preceding statement. Invalid Python is returned as one statement.
 */
export function splitStatements(code: string): string[] {
  const text = code.trim();
  const tree = parsePython(text);
  const starts = tree ? listStatements(tree).map(({ from }) => from) : [];
  const parts = [0, ...starts.slice(1)].map((start, i) => text.slice(start, starts[i + 1]).trim());
  return parts.filter(Boolean);
}
