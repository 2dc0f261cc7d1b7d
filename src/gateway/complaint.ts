/** Extracts the texts of an error body of any shape, without the texts of the request that it quotes. */
import { APIError } from 'openai';

export interface Complaint {
  status: number | undefined;
  /** The request fields named explicitly: `param`, or the `loc` of a validator. */
  fields: string[];
  /** Codes and sentences, one per line. */
  words: string;
}

/** Names of fields that contain error texts or nested errors. */
const TEXTS =
  /^(?:message|msg|detail|details|error|errors|raw|title|description|reason|code|type|status|body|innererror|cause|metadata|issues|violations|fieldViolations)$/i;
const FIELDS = /^(?:param|loc|field|parameter|property|path)$/i;
const MOST_UNITS = 20_000;
const MOST_VALUES = 200;
const DEEPEST = 6;

export function readComplaint(error: unknown): Complaint {
  const collector = new Collector();
  if (error instanceof APIError) {
    collector.take(error.error);
    collector.take(error.param, 'param');
    collector.take(error.code, 'code');
    // if there is a body, the client's message is the body itself, with the request texts that it quotes
    if (!error.error) collector.take(error.message, 'message');
  } else if (error instanceof Error) collector.take(error.message, 'message');
  else collector.take(error);
  const status = error instanceof APIError ? (error.status as number | undefined) : undefined;
  return { status, ...collector.complaint };
}

class Collector {
  private readonly fields: string[] = [];
  private readonly texts: string[] = [];
  private values = 0;
  private units = 0;

  get complaint() {
    return { fields: this.fields, words: this.texts.join('\n') };
  }

  take(value: unknown, name = 'message', depth = 0): void {
    if (++this.values > MOST_VALUES || depth > DEEPEST) return;
    if (typeof value === 'string') this.takeText(value, name, depth);
    else if (Array.isArray(value)) value.forEach((inner) => this.take(inner, name, depth + 1));
    else if (value instanceof Object) this.takeFields(value, depth);
  }

  private takeFields(value: object, depth: number): void {
    for (const [key, inner] of Object.entries(value))
      if (TEXTS.test(key) || FIELDS.test(key)) this.take(inner, key, depth + 1);
  }

  private takeText(text: string, name: string, depth: number): void {
    const room = MOST_UNITS - this.units;
    if (room <= 0) return;
    this.units += text.length;
    if (FIELDS.test(name)) this.fields.push(text.slice(0, 200));
    // gateways embed the body of an upstream error as text
    const inner = /^\s*[[{]/.test(text) ? parse(text.slice(0, MOST_UNITS)) : undefined;
    if (inner === undefined) this.texts.push(text.slice(0, room));
    else this.take(inner, 'message', depth + 1);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
