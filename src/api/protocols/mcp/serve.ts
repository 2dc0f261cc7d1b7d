/** Serves a Model Context Protocol request with the SDK, which is loaded together with this file. */
import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CancelledNotificationSchema, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Context } from 'koa';
import { COORDINATION } from '../../../contract/compositions';
import { onClosing } from '../../closing';
import type { Services } from '../../services';
import { callTool, describeTool, type Input } from './tools';
import { cancelCall, type Client } from './waiting-calls';

/** Proxies close connections that are silent for a minute. */
const KEEP_ALIVE_MS = 15_000;

/** The header that identifies a client's session; a client sends it with each request. */
const SESSION_HEADER = 'Mcp-Session-Id';

/** Handles one request with a new server; the SDK's transport writes the reply instead of Koa. */
export async function serveMcp(ctx: Context, services: Services, version: string): Promise<void> {
  const client: Client = {
    tenant: ctx.state.tenant as string | undefined,
    session: ctx.get(SESSION_HEADER) || undefined,
  };
  // sessions have no state: the id only distinguishes the requests of clients
  if (isInitializeRequest(ctx.request.body)) ctx.set(SESSION_HEADER, randomUUID());
  const server = createMcpServer(services, version, client);
  const transport = new StreamableHTTPServerTransport({ keepAliveMs: KEEP_ALIVE_MS });
  onClosing(ctx.res, () => void server.close().catch(() => undefined));
  // the package's types do not support `exactOptionalPropertyTypes`
  await server.connect(transport as Transport);
  ctx.status = 200;
  ctx.respond = false;
  await transport.handleRequest(ctx.req, ctx.res, ctx.request.body);
}

function createMcpServer(services: Services, version: string, client: Client): McpServer {
  const server = new McpServer({ name: 'murmuration', title: 'Murmuration', version });
  const withdraw = () => server.close();
  for (const swarm of [...services.swarms.all(), COORDINATION]) {
    server.registerTool(swarm.id, describeTool(swarm), (input, extra) =>
      callTool(services, { swarm, client, input: input as Input, extra, withdraw }),
    );
  }
  // another server, possibly in another process, handles the request that is cancelled
  server.server.setNotificationHandler(CancelledNotificationSchema, ({ params: { requestId, reason } }) => {
    if (requestId !== undefined) cancelCall(services, client, requestId, { reason }).catch(() => undefined);
  });
  return server;
}
