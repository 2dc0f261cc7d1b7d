// Starts the built local model server as a separate process, as the product does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface LocalModelProcess {
  readonly url: string;
  readonly modelIds: readonly string[];
  /** Sends SIGTERM, returns the exit code. */
  stop(): Promise<number | null>;
}

interface LogLine {
  readonly msg: string;
  readonly url?: string;
  readonly err?: { readonly message: string };
}

/** Starts the server on a free port; resolves when all models are loaded. */
export async function startLocalModelProcess(extraArgs: readonly string[]): Promise<LocalModelProcess> {
  const models = requiredModels();
  const args = [builtMain(), '--port', '0', ...models.flatMap((model) => ['--model', model]), ...extraArgs];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    const { msg, err, ...entry } = JSON.parse(line) as LogLine;
    url ??= entry.url;
    if (err !== undefined) throw new Error(`the local model server failed: ${err.message}`);
    if (msg === 'all models loaded') break;
  }
  if (url === undefined) throw new Error('the local model server ended before it listened');
  // The rest of its log must be read, or the pipe fills up and the server blocks.
  child.stdout.resume();
  return {
    url,
    modelIds: models.map((model) => model.split('=', 1)[0] ?? ''),
    async stop() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

function requiredModels(): string[] {
  const models = (process.env.MURMURATION_MODELS ?? '').split(',').filter((model) => model !== '');
  if (models.length > 0) return models;
  throw new Error(
    'MURMURATION_MODELS is not set: this suite runs a real model. Give it as <id>=<file.gguf>[,<id>=<file.gguf>]; the last one, best a small one, takes most of the tests.',
  );
}

function builtMain(): string {
  const path = resolve(process.env.MURMURATION_LOCAL_MODEL_MAIN ?? 'dist/local-model/main.js');
  if (existsSync(path)) return path;
  throw new Error(`${path} is not there: build first, or point MURMURATION_LOCAL_MODEL_MAIN at the built main.js`);
}
