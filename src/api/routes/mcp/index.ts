/**
 * `POST /mcp`: the swarms as tools, over the Model Context Protocol (streamable HTTP, revision 2025-06-18). Each request is served by
 * itself, so that any API process can serve it. As the protocol wants it, a connection that ends cancels nothing.
 */
import type Router from '@koa/router';
import type { Services } from '../../services';

export function addMcpRoute(router: Router, services: Services, version: string): void {
  router.post('/mcp', async (ctx) => {
    // with the first request: the SDK takes about a quarter of a second to load, which no start must wait for
    const { serveMcp } = await import('./serve.js');
    await serveMcp(ctx, services, version);
  });
}
