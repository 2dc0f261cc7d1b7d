// The simulator as a separate process: node main.js [--port n] [--host h] [--require-key k] [--with-stdin].
// Prints {"url", "pid"} when it is ready; ends on SIGTERM or SIGINT and, with --with-stdin, when its standard input closes.
import { parseArgs } from 'node:util';

import { createScriptedGateway } from '.';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      'require-key': { type: 'string' },
      'with-stdin': { type: 'boolean', default: false },
    },
  });
  const { port, host, 'require-key': requireKey, 'with-stdin': withStdin } = values;
  const gateway = await createScriptedGateway({
    port: Number(port),
    host,
    ...(requireKey !== undefined && { requireKey }),
  });
  const leave = () => void gateway.stop().then(() => process.exit(0));
  process.once('SIGTERM', leave).once('SIGINT', leave);
  // A killed parent closes the pipe: the simulator must not outlive its test.
  if (withStdin) process.stdin.once('close', leave).resume();
  console.log(JSON.stringify({ url: gateway.url, pid: process.pid }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
