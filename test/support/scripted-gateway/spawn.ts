// Runs the simulator as a separate process, directly from the TypeScript sources, and controls it over HTTP.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import type { GatewayRequest } from './books';
import type { ScriptMessage } from './scripts';

const POLL_MS = 20;
// Less than Jest's test timeout, so that the failure contains the log.
const DEFAULT_TIMEOUT_MS = 4000;

/** Remote control of a simulator. */
export interface RemoteGateway {
  /** Base URL, ending in /v1. */
  readonly url: string;
  /** Adds scripts, standing replies and rules. */
  send(message: ScriptMessage): Promise<void>;
  requests(model?: string): Promise<GatewayRequest[]>;
  open(): Promise<number>;
  reset(): Promise<void>;
  /** Resolves with the first truthy value of the predicate on the log. */
  waitFor<T>(predicate: (requests: GatewayRequest[]) => T, timeoutMs?: number): Promise<NonNullable<T>>;
}

/** Connects to a running simulator by its `url`. */
export function connectScriptedGateway(url: string): RemoteGateway {
  const base = url.replace(/\/v1$/, '');
  const call = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(base + path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const requests = (model?: string) =>
    call<{ requests: GatewayRequest[] }>(
      `/__requests${model === undefined ? '' : `?model=${encodeURIComponent(model)}`}`,
    ).then((log) => log.requests);
  return {
    url,
    requests,
    send: (message) => call('/__script', { method: 'POST', body: JSON.stringify(message) }),
    open: () => call<{ open: number }>('/__open').then(({ open }) => open),
    reset: () => call('/__reset', { method: 'POST' }),
    async waitFor(predicate, timeoutMs = DEFAULT_TIMEOUT_MS) {
      for (const until = Date.now() + timeoutMs; Date.now() < until; await delay(POLL_MS)) {
        const value = predicate(await requests());
        if (value) return value;
      }
      throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(await requests())}`);
    },
  };
}

export interface SpawnedGateway extends RemoteGateway {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a simulator process; it ends with `stop`, or when this process ends for any reason. */
export async function spawnScriptedGateway(
  options: { port?: number; requireKey?: string } = {},
): Promise<SpawnedGateway> {
  const { port = 0, requireKey } = options;
  const flags = [
    '--with-stdin',
    `--port=${port}`,
    ...(requireKey === undefined ? [] : [`--require-key=${requireKey}`]),
  ];
  const program = `${compileHook()} require(${JSON.stringify(join(__dirname, 'main.ts'))})`;
  const child = spawn(process.execPath, ['-e', program, '--', ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exited])) as [
    string | number | null,
  ];
  if (typeof line !== 'string') throw new Error(`the simulator ended with code ${line} before it was ready`);
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  return {
    ...connectScriptedGateway(url),
    pid,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Returns code that lets a process load TypeScript: Node 20 cannot, so swc, which Jest also uses, compiles required files. */
export function compileHook(): string {
  return `
    const { transformFileSync } = require(${JSON.stringify(require.resolve('@swc/core'))});
    const options = { swcrc: false, module: { type: 'commonjs' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } };
    require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path, options).code, path);
  `;
}
