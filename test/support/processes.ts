/** Starts the programs that tests use, waits until they are ready, and ensures that they end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it has written so far to standard output and standard error. */
  output(): string;
  /** Sends SIGTERM, and SIGKILL if that is not enough. */
  stop(): Promise<void>;
  /** The process has ended when this resolves. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program; its output is kept, and shown if `TEST_OUTPUT` is set. */
export function start(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  if (process.env.TEST_OUTPUT) child.stderr.pipe(process.stderr, { end: false });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    await gone;
  };
  return {
    child,
    pid: child.pid ?? -1,
    output: () => Buffer.concat(output).toString(),
    kill,
    async stop() {
      const hard = setTimeout(() => child.kill('SIGKILL'), 8000);
      await kill('SIGTERM');
      clearTimeout(hard);
    },
  };
}

/** Resolves with the first JSON log line that has this message. */
export async function logLine({ child }: Running, msg: string): Promise<Record<string, unknown>> {
  const lines = createInterface({ input: child.stdout! });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`The process ended with code ${String(code)} before it said "${msg}".`);
  });
  const found = (async () => {
    for await (const line of lines) {
      if (process.env.TEST_OUTPUT) process.stderr.write(`${line}\n`);
      const entry = parseJson(line);
      if (entry?.msg === msg) return entry;
    }
    return new Promise<never>(() => undefined);
  })();
  const entry = await Promise.race([found, exited]);
  lines.close();
  child.stdout?.resume();
  return entry;
}

function parseJson(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Returns a port that is currently free. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when a server listens on the port. */
export async function listening(port: number, limitMs = 60_000): Promise<void> {
  for (const until = Date.now() + limitMs; Date.now() < until; await sleep(50)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
  }
  throw new Error(`Nothing listens on port ${port} after ${limitMs / 1000} s.`);
}
