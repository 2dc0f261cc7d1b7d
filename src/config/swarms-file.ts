/** Reads user-defined swarms from YAML or JSON. Each error names the line, the column and the field. */
import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { Role, SwarmDefinition } from '../contract/swarms';
import { fillTemplate } from '../contract/templates';
import { ownSwarms, type OwnSwarm } from './own-swarms';
import { findFaults, type Fault } from './swarm-references';

/** Thrown for an unusable file. Each line of the message is one fault: `file:line:column: field: what is wrong`. */
export class SwarmsFileError extends Error {
  override name = 'SwarmsFileError';
  /** The variable of the environment that names the file. */
  readonly variable = 'SWARMS_FILE';
}

/** Returns the swarms of a file. Throws {@link SwarmsFileError}. */
export function readSwarmsFile(file: string): SwarmDefinition[] {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, prettyErrors: false });
  const sayAt = (offset: number, what: string) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}: ${what}`;
  };
  const read = document.errors.length === 0 ? interpret(document) : { faults: [] };
  if ('swarms' in read) return read.swarms;
  throw new SwarmsFileError(
    [
      ...document.errors.map(({ pos: [offset], message }) => sayAt(offset, message)),
      ...read.faults.map(({ path, message }) =>
        sayAt(findOffset(document, path), `${path.join('.') || 'file'}: ${message}`),
      ),
    ].join('\n'),
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SwarmsFileError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function interpret(document: Document): { swarms: SwarmDefinition[] } | { faults: Fault[] } {
  const parsed = ownSwarms.safeParse(document.toJS());
  if (!parsed.success) return { faults: parsed.error.issues.flatMap(toFaults) };
  const faults = findFaults(parsed.data);
  return faults.length > 0 ? { faults } : { swarms: parsed.data.map(toDefinition) };
}

type Issue = NonNullable<ReturnType<typeof ownSwarms.safeParse>['error']>['issues'][number];

function toFaults(issue: Issue): Fault[] {
  const { path, message } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such field' }));
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? message }];
  return [{ path, message }];
}

/** Returns the offset of a field: of its key if it has one, else of its value. For a missing field, the offset of its nearest parent. */
function findOffset(document: Document, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent: unknown = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const node: unknown = document.getIn(path.slice(0, depth), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path[depth - 1]))
      : undefined;
    const place = pair?.key ?? node;
    if (isNode(place) && place.range) return place.range[0];
  }
  return isNode(document.contents) && document.contents.range ? document.contents.range[0] : 0;
}

/** Converts a swarm to the form that patterns use, with defaults filled in. */
function toDefinition(own: OwnSwarm): SwarmDefinition {
  const { name = own.id } = own;
  if ('stages' in own) return { ...own, name, roles: {} };
  const entries = Object.entries<WrittenRole>(own.roles).map(([key, role]) => [key, toRole(key, role)] as const);
  const { checks, ...others } = own;
  const whole = { ...others, name, roles: Object.fromEntries(entries) };
  if (!checks) return whole;
  return { ...whole, checks: checks.map((check) => ({ ...check, name: check.name ?? check.code })) };
}

type WrittenRole = Omit<Role, 'label'> & { label?: string | undefined };

/** Only files use escapes to distinguish literal braces from variables. */
function toRole(name: string, { system, reminder, label, ...role }: WrittenRole): Role {
  const plain = (text: string) => fillTemplate(text, {}).join('');
  const spoken = `${name.charAt(0).toUpperCase()}${name.slice(1).replace(/[-_]/g, ' ')}`;
  const texts = { system: plain(system), ...(reminder === undefined ? {} : { reminder: plain(reminder) }) };
  return { ...role, label: label ?? spoken, ...texts };
}
