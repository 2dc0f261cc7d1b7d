/**
 * `POST /mcp`: the swarms as tools of the Model Context Protocol (streamable HTTP, revision 2025-06-18). Each request is handled
 * independently, so that any API process can serve it. As the protocol requires, a closed connection cancels nothing.
 */
import { z } from 'zod';
import { errorReply } from '../../../contract/replies';
import { defineRoute } from '../../routing/define-route';
import { VERSION } from '../../version';

/** A JSON-RPC message. */
const message = z.looseObject({ jsonrpc: z.literal('2.0') });

export const mcpRoute = defineRoute({
  method: 'post',
  path: '/mcp',
  tag: 'For tool callers',
  summary: 'The Model Context Protocol, streamable HTTP',
  // the SDK parses the body and writes the reply, so errors have the protocol's format
  documentedBody: message,
  replies: {
    200: { description: 'Messages of the protocol: each swarm is a tool.', media: 'text/event-stream' },
    202: { description: 'A notification was taken.' },
    400: { description: 'The body is no message of the protocol, or no JSON.', schema: z.union([message, errorReply]) },
    415: {
      description: 'The body is not declared as JSON, or is a form.',
      schema: z.union([message, errorReply]),
    },
    406: { description: 'The caller does not accept event streams: an error of the protocol.', schema: message },
  },
  async handle({ ctx, services }) {
    // loaded with the first request: the SDK takes about 250 ms to load, which must not delay the start
    const { serveMcp } = await import('./serve.js');
    await serveMcp(ctx, services, VERSION);
    return undefined;
  },
});
