/** Checks the JSON replies of API processes against the schemas of their routes in the served document. */
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { OpenApiDocument } from '../../src/api/openapi/document';

/** A JSON reply as sent by the process. */
interface RecordedReply {
  method: string;
  path: string;
  status: number;
  body: string;
}

export interface RecordedReplies {
  /** Node arguments that make an API process record, and the environment that they need. */
  nodeArguments: string[];
  env: NodeJS.ProcessEnv;
  /** Returns the problems of the replies so far, one sentence each. */
  findFaults(): string[];
  /** Returns the replies so far that were checked against a schema, as `GET /runs/{id} 200`. */
  listChecked(): Set<string>;
  dispose(): void;
}

const PRELOAD = path.join(__dirname, 'record-replies.cjs');
/** Further faults are usually variants of these. */
const MOST_FAULTS = 10;

export function recordReplies(): RecordedReplies {
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-replies-'));
  const file = path.join(folder, 'replies.jsonl');
  const check = () => {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    const entries = lines.map((line) => JSON.parse(line) as RecordedReply | { document: string });
    const document = entries.find((entry) => 'document' in entry)?.document;
    const checker = document ? createChecker(JSON.parse(readFileSync(document, 'utf8')) as OpenApiDocument) : undefined;
    const replies = entries.filter((entry): entry is RecordedReply => !('document' in entry));
    return replies.map((reply) => ({ reply, ...checker!(reply) }));
  };
  return {
    nodeArguments: ['--require', PRELOAD],
    env: { RECORDED_REPLIES: file, DOCUMENT_FOLDER: tmpdir() },
    findFaults: () => [...new Set(check().flatMap(({ fault }) => fault ?? []))].slice(0, MOST_FAULTS),
    listChecked: () => new Set(check().map(({ reply, route }) => `${reply.method} ${route} ${reply.status}`)),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Verdict {
  /** The path template of the reply's route; the path itself if there is no route. */
  route: string;
  fault?: string;
}

/** Finds the schema of a reply and validates the reply. A status that the route does not declare is a fault. */
export function createChecker(document: OpenApiDocument): (reply: RecordedReply) => Verdict {
  const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
  ajv.addSchema({ $id: 'api', ...document });
  const templates = Object.keys(document.paths)
    // a template without placeholders comes before one that also matches it
    .sort((a, b) => a.split('{').length - b.split('{').length)
    .map((template) => ({
      template,
      pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    }));
  return (reply) => {
    const route = templates.find(
      ({ template, pattern }) => pattern.test(reply.path) && document.paths[template]?.[reply.method.toLowerCase()],
    )?.template;
    const pointer = route === undefined ? errorPointer(reply) : schemaPointer(document, route, reply);
    const about = `${reply.method} ${route ?? reply.path} ${reply.status}`;
    if (pointer === undefined)
      return {
        route: route ?? reply.path,
        fault: `${about}: the route declares no such reply: ${reply.body.slice(0, 500)}`,
      };
    const validate = ajv.getSchema(`api#${pointer}`)!;
    if (validate(parse(reply.body))) return { route: route ?? reply.path };
    const [first] = validate.errors ?? [];
    const wrong = `${first?.instancePath} ${first?.message} ${JSON.stringify(first?.params)}`;
    return { route: route ?? reply.path, fault: `${about}: ${wrong} in ${reply.body.slice(0, 1500)}` };
  };
}

/** Unknown paths and methods are also answered with an error. */
function errorPointer({ path: address }: RecordedReply): string {
  return `/components/schemas/${address.startsWith('/v1/') ? 'OpenAiError' : 'Error'}`;
}

function schemaPointer(document: OpenApiDocument, route: string, { method, status }: RecordedReply) {
  const content = document.paths[route]?.[method.toLowerCase()]?.responses[status]?.content ?? {};
  const media = Object.keys(content).find((name) => /\bjson\b/.test(name));
  if (media === undefined) return undefined;
  const steps = ['paths', route, method.toLowerCase(), 'responses', String(status), 'content', media, 'schema'];
  return `/${steps.map((step) => encodeURIComponent(step.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/')}`;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
