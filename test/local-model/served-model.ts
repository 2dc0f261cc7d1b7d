// A local model server on a free port with a scripted model, closed after each test.
import { pino } from 'pino';
import { createEngine, type ModelEngine } from '../../src/local-model/engine';
import { createLocalModelServer, type LocalModelServer } from '../../src/local-model/server';
import type { ChatBody } from './openai-client';
import { createScriptedModel, type ScriptedModelOptions } from './scripted-model';

/** The default answer of the scripted model. */
export const STORY = 'Once 🦜 upon';

/** A request that returns it. */
export const ASK: ChatBody = { model: 'tiny', temperature: 0, messages: [{ role: 'user', content: 'Tell' }] };

const open: LocalModelServer[] = [];

/** Closes what `serve` and `serveEngine` started; for `afterEach`. */
export async function closeServers(): Promise<void> {
  await Promise.all(open.splice(0).map((server) => server.stop()));
}

export async function serveEngine(engine: Promise<ModelEngine>, keepAliveMs = 5_000): Promise<string> {
  const models = [{ id: 'tiny', contextLength: 4096, engine }];
  const server = await createLocalModelServer({ models, log: pino({ level: 'silent' }), keepAliveMs });
  open.push(server);
  return server.url;
}

export async function serve(options: Partial<ScriptedModelOptions> = {}, queueLimit = 256) {
  const model = createScriptedModel({ answer: () => STORY, ...options });
  const engine = createEngine(model, { queueLimit });
  return { url: await serveEngine(Promise.resolve(engine)), model, engine };
}
