/** A small HTTP proxy: opens tunnels with CONNECT to the addresses of its names, and records each request. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

export interface ConnectProxy {
  url: string;
  /** `host:port` of each CONNECT, and its Proxy-Authorization. */
  readonly tunnels: { to: string; authorization: string | undefined }[];
  stop(): Promise<void>;
}

/** `names` maps host names that only the proxy knows to addresses. With `status`, it refuses every tunnel. */
export async function startConnectProxy({
  names = {},
  status,
}: { names?: Record<string, string>; status?: number } = {}): Promise<ConnectProxy> {
  const tunnels: ConnectProxy['tunnels'] = [];
  const sockets = new Set<net.Socket>();
  const server = http.createServer((_request, response) => void response.writeHead(501).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  server.on('connect', (request, socket) => {
    const to = request.url ?? '';
    tunnels.push({ to, authorization: request.headers['proxy-authorization'] });
    if (status) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const { hostname, port } = new URL(`tcp://${to}`);
    const far = net.connect(Number(port), names[hostname] ?? hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(socket).pipe(far);
    });
    sockets.add(far);
    far.on('error', () => socket.destroy()).on('close', () => sockets.delete(far));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
