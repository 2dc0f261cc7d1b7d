// Plays a status and a body: upstream errors before the first token, HTML pages, and a 200 that contains an error.
import { STATUS_CODES } from 'node:http';

import type { Exchange } from './exchange';
import type { Reply, Wait } from './reply';

export function playRefusal(exchange: Exchange, reply: Reply): void {
  const status = reply.status ?? 200;
  exchange.entry.costUsd = 0;
  exchange.openHead(status, {
    'content-type': typeof reply.body === 'string' ? 'text/html; charset=utf-8' : 'application/json',
    ...(reply.wait && waitHeaders(reply.wait)),
    ...reply.headers,
  });
  exchange.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(readBody(reply, status)));
}

function readBody({ body, wait }: Reply, status: number): unknown {
  const given = body ?? { error: { code: status, message: STATUS_CODES[status] ?? 'Unknown' } };
  return wait?.as === 'metadata-reset' ? withMetadataHeaders(given, resetHeaders(wait.ms)) : given;
}

function waitHeaders({ ms, as }: Wait): Record<string, string> {
  switch (as) {
    case 'retry-after':
      return { 'retry-after': String(ms / 1000) };
    case 'retry-after-date':
      // The date has whole seconds; rounded up, because the wait must not be shorter than scripted.
      return { 'retry-after': new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toUTCString() };
    case 'retry-after-ms':
      return { 'retry-after-ms': String(ms) };
    case 'x-ratelimit-reset':
      return resetHeaders(ms);
    case 'metadata-reset':
      return {};
  }
}

/** The reset is in epoch milliseconds. */
function resetHeaders(ms: number): Record<string, string> {
  return {
    'X-RateLimit-Limit': '20',
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(Math.ceil(Date.now() + ms)),
  };
}

/** Older OpenRouter captures have the rate limit headers only in the body, under error.metadata.headers. */
function withMetadataHeaders(body: unknown, headers: Record<string, string>): unknown {
  const { error = {} } = body as { error?: { metadata?: object } };
  return { ...(body as object), error: { ...error, metadata: { ...error.metadata, headers } } };
}
