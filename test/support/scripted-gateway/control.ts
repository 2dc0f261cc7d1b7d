// Remote control of a simulator in another process: POST /__script, POST /__reset, GET /__requests, GET /__open.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

import type { GatewayRequest } from './books';
import { ScriptMessage, type Scripts } from './scripts';

export interface Controlled {
  readonly requests: readonly GatewayRequest[];
  readonly scripts: Scripts;
  open(): number;
  reset(): void;
}

/** `GET /__requests?model=` lists the log; an invalid script is answered with 400 and the reason. */
export async function control(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  target: Controlled,
): Promise<void> {
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  switch (`${request.method} ${url.pathname}`) {
    case 'POST /__script': {
      const message = ScriptMessage.safeParse(await json(request).catch(() => undefined));
      if (!message.success) return send(400, { error: { issues: message.error.issues } });
      target.scripts.accept(message.data);
      return send(200, { ok: true });
    }
    case 'POST /__reset':
      target.reset();
      return send(200, { ok: true });
    case 'GET /__requests': {
      const model = url.searchParams.get('model');
      const requests = target.requests.filter((entry) => model === null || entry.model === model);
      return send(200, { open: target.open(), requests });
    }
    case 'GET /__open':
      return send(200, { open: target.open() });
    default:
      return send(404, { error: { message: `no control ${request.method} ${url.pathname}` } });
  }
}
