/** Reads swarms that a user has written, as YAML or JSON. Whatever is wrong is told with its line, its column and its field. */
import { readFileSync } from 'node:fs';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { ownSwarms, type OwnSwarm } from './contract/own-swarms';
import { faultsOf, type Fault } from './contract/swarm-references';
import type { Role, SwarmDefinition } from './contract/swarms';
import { fillTemplate } from './contract/templates';

/** Thrown for a file that cannot be used; each line of the message is one fault, as `file:line:column: field: what is wrong`. */
export class SwarmsFileError extends Error {
  override name = 'SwarmsFileError';
}

/** The swarms of a file. Throws {@link SwarmsFileError}. */
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
        sayAt(offsetOf(document, path), `${path.join('.') || 'file'}: ${message}`),
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
  const faults = faultsOf(parsed.data);
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

/** Where a field stands: its value, or its name where that is what is wrong or the value is long. Of one that is missing, what should have it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
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

/** As patterns work with it: with what was left out filled in. */
function toDefinition(own: OwnSwarm): SwarmDefinition {
  const { name = own.id } = own;
  if (own.pattern === 'pipeline') return { ...own, name, roles: {} };
  const entries = Object.entries<WrittenRole>(own.roles).map(([key, role]) => [key, toRole(key, role)] as const);
  const whole = { ...own, name, roles: Object.fromEntries(entries) };
  if (own.pattern !== 'build' || !own.checks) return whole as SwarmDefinition;
  return { ...whole, checks: own.checks.map((check) => ({ ...check, name: check.name ?? check.code })) };
}

type WrittenRole = Omit<Role, 'label'> & { label?: string | undefined };

/** Braces that are meant are told from variables in a file only. */
function toRole(name: string, { system, reminder, label, ...role }: WrittenRole): Role {
  const plain = (text: string) => fillTemplate(text, {}).join('');
  const spoken = `${name.charAt(0).toUpperCase()}${name.slice(1).replace(/[-_]/g, ' ')}`;
  const texts = { system: plain(system), ...(reminder === undefined ? {} : { reminder: plain(reminder) }) };
  return { ...role, label: label ?? spoken, ...texts };
}
