/** `GET /docs`: the OpenAPI document as a page to read. No script, no network; one style sheet, which the policy names by its hash. */
import { createHash } from 'node:crypto';
import type { OpenApiDocument, OpenApiOperation } from './document';

type JsonSchema = Record<string, unknown>;

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dce3, #343a46); --soft: light-dark(#5a6272, #a3acbd); --accent: light-dark(#3452c7, #93a9ff); }
html { background: Canvas; color: CanvasText; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0; } h2 { margin: 2.5rem 0 .5rem; }
a { color: var(--accent); } code, .path { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: .6rem .9rem; }
details details { border: 0; border-inline-start: 2px solid var(--line); border-radius: 0; padding: .2rem .8rem; }
summary { cursor: pointer; } summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
.method { display: inline-block; min-width: 4.2em; font-weight: 600; color: var(--accent); text-transform: uppercase; }
.what, .type, nav { color: var(--soft); }
dt { margin-top: .4rem; } dd { margin: 0 0 0 1.25rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
`;

const hash = createHash('sha256').update(STYLE).digest('base64');
/** Nothing runs here, and nothing is loaded. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export function toPage(document: OpenApiDocument): string {
  const { title, version, description } = document.info;
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(all.flatMap(({ operation }) => operation.tags))];
  const sections = tags.map((tag) => {
    const operations = all.filter(({ operation }) => operation.tags.includes(tag));
    const shown = operations.map(({ path, method, operation }) => operationOf(path, method, operation));
    return `<section><h2>${escape(tag)}</h2>${shown.join('')}</section>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}: API</title><style>${STYLE}</style></head><body><header><h1>${escape(title)} <small class="type">${escape(version)}</small></h1>
<p>${escape(description)}</p><nav><a href="/openapi.json">openapi.json</a> · <a href="/events.schema.json">events.schema.json</a> · <a href="/dashboard">dashboard</a></nav></header>
<main>${sections.join('')}<section><h2>Frames and events</h2>${schemasOf(document)}</section></main></body></html>`;
}

function operationOf(path: string, method: string, operation: OpenApiOperation): string {
  const { summary, parameters = [], requestBody, responses } = operation;
  const asked = parameters.map(({ name, in: place, schema }) =>
    fieldOf(name, { ...schema, description: place }, false),
  );
  const body = requestBody?.content['application/json']?.schema;
  const replies = Object.entries(responses).map(([status, { description, content = {} }]) => {
    const schema = content['application/json']?.schema;
    const about = `<code>${escape(status)}</code> <span class="what">${escape(description)}</span>`;
    return schema && !schema.$ref
      ? `<details><summary>${about}</summary>${describe(schema)}</details>`
      : `<p>${about}</p>`;
  });
  return `<details><summary><span class="method">${escape(method)}</span><span class="path">${escape(path)}</span> <span class="what">${escape(summary)}</span></summary>
${asked.length > 0 ? `<h3>Parameters</h3><dl>${asked.join('')}</dl>` : ''}${body ? `<h3>Body</h3>${describe(body)}` : ''}<h3>Replies</h3>${replies.join('')}</details>`;
}

function schemasOf({ components }: OpenApiDocument): string {
  return Object.entries(components.schemas)
    .map(([name, schema]) => `<details><summary>${escape(name)}</summary>${describe(schema)}</details>`)
    .join('');
}

/** The fields of an object, of each kind of a union, or of a list's entries. */
function describe(schema: JsonSchema): string {
  const kinds = (schema.oneOf ?? schema.anyOf) as JsonSchema[] | undefined;
  if (kinds) return kinds.map(describe).join('<hr>');
  if (schema.type === 'array' && schema.items) return describe(schema.items as JsonSchema);
  const required = (schema.required ?? []) as string[];
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  if (fields.length === 0) return `<p class="type">${escape(typeOf(schema))}</p>`;
  return `<dl>${fields.map(([name, field]) => fieldOf(name, field, required.includes(name))).join('')}</dl>`;
}

function fieldOf(name: string, schema: JsonSchema, isRequired: boolean): string {
  const inner = (schema.type === 'array' ? schema.items : schema) as JsonSchema | undefined;
  const more = inner?.properties ? `<details><summary>fields</summary>${describe(inner)}</details>` : '';
  const about = typeof schema.description === 'string' ? escape(schema.description) : '';
  const type = `${typeOf(schema)}${isRequired ? ', always' : ''}`;
  return `<dt><code>${escape(name)}</code> <span class="type">${escape(type)}</span></dt><dd>${about}${more}</dd>`;
}

function typeOf(schema: JsonSchema): string {
  const { type, const: constant, enum: words, anyOf, oneOf, items } = schema;
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(words)) return words.map((word) => JSON.stringify(word)).join(' | ');
  const kinds = (anyOf ?? oneOf) as JsonSchema[] | undefined;
  if (kinds) return [...new Set(kinds.map(typeOf))].join(' | ');
  if (type === 'array') return `list of ${items ? typeOf(items as JsonSchema) : 'anything'}`;
  return Array.isArray(type) ? type.join(' | ') : String(type ?? 'anything');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
