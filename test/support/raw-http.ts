/** Raw HTTP requests, including those that no client library would send. */
import { connect } from 'node:net';

export interface RawReply {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

/** Sends a request unchanged, and reads until the server closes, or half a second after a reply without an end. */
export async function sendRaw(url: string, request: string, patienceMs = 5000): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const parts: Buffer[] = [];
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
    socket.setTimeout(patienceMs, () => resolve());
  });
  socket.write(request);
  await ended;
  socket.destroy();
  const [head = '', text = ''] = split(Buffer.concat(parts).toString('utf8'));
  const [first = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ]);
  return {
    status: Number(first.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers) as RawReply['headers'],
    text,
  };
}

function split(reply: string): [string, string] {
  const at = reply.indexOf('\r\n\r\n');
  return at < 0 ? [reply, ''] : [reply.slice(0, at), reply.slice(at + 4)];
}

/** Builds a request with these header lines, on a connection that ends with it. */
export function toRequest(start: string, headers: Record<string, string>, body = ''): string {
  const lines = Object.entries({ ...headers, Connection: headers.Connection ?? 'close' });
  const length = body ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
  return `${[`${start} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), ...length].join('\r\n')}\r\n\r\n${body}`;
}
