// Receives every request: creates its log entry, tracks open requests, and passes it on to be answered.
import type { IncomingMessage, ServerResponse } from 'node:http';

import { answer, type Desk } from './answer';
import { control } from './control';
import { Exchange } from './exchange';

export function createReception(desk: Desk) {
  const { books, scripts, paths } = desk;
  const exchanges = new Set<Exchange>();
  let mostOpen = 0;

  const reception = {
    open: () => exchanges.size,
    mostOpen: () => mostOpen,
    reset: () => {
      books.reset();
      scripts.reset();
      paths.clear();
      mostOpen = exchanges.size;
    },
    abandonAll: () => {
      for (const exchange of exchanges) exchange.abandon('stopped');
    },
    receive: (request: IncomingMessage, response: ServerResponse) => {
      handle(request, response).catch((error: unknown) => {
        // A fault of the simulator itself must not be mistaken for a scripted one.
        console.error('scripted gateway failed:', error);
        response.destroy();
      });
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator');
    if (url.pathname.startsWith('/__')) {
      return control(request, response, url, { requests: books.requests, scripts, ...reception });
    }
    const entry = books.open({ method: request.method ?? '', path: url.pathname, headers: request.headers });
    const exchange: Exchange = new Exchange(response, entry, books, () => exchanges.delete(exchange));
    exchanges.add(exchange);
    mostOpen = Math.max(mostOpen, exchanges.size);
    await answer(request, exchange, url, desk);
  }

  return reception;
}
