/** The reply to a refused WebSocket upgrade: it has the error body of HTTP routes. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody, type ApiError } from './errors';

export function refuseUpgrade(socket: Duplex, error: ApiError): void {
  const body = JSON.stringify({ ...errorBody(error), ...error.extra });
  const { status, retryAfterSeconds: seconds } = error;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    ...(seconds === undefined ? [] : [`Retry-After: ${seconds}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
