/** Serves a request of the Model Context Protocol by its SDK, which is loaded with this file. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Context } from 'koa';
import { COORDINATION } from '../../../contract/compositions';
import type { Services } from '../../services';
import { callTool, toolOf, type Input } from './tools';

/** Proxies end connections that are silent for a minute. */
const KEEP_ALIVE_MS = 15_000;

/** Answers one request with a server of its own; the transport writes the reply, not Koa. */
export async function serveMcp(ctx: Context, services: Services, version: string): Promise<void> {
  const server = createMcpServer(services, version, ctx.state.tenant as string | undefined);
  const transport = new StreamableHTTPServerTransport({ keepAliveMs: KEEP_ALIVE_MS });
  ctx.res.once('close', () => void server.close().catch(() => undefined));
  // the package's types do not know exact optional properties
  await server.connect(transport as Transport);
  ctx.status = 200;
  ctx.respond = false;
  await transport.handleRequest(ctx.req, ctx.res, ctx.request.body);
}

function createMcpServer(services: Services, version: string, tenant: string | undefined): McpServer {
  const server = new McpServer({ name: 'murmuration', title: 'Murmuration', version });
  for (const swarm of [...services.swarms.all(), COORDINATION]) {
    server.registerTool(swarm.id, toolOf(swarm), (input, extra) =>
      callTool(services, { swarm, tenant, input: input as Input, extra }),
    );
  }
  return server;
}
