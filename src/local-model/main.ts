// The process of the local models: parses the command line, listens immediately, loads the models one after another in the given order,
// and shuts down cleanly on SIGTERM or SIGINT.
import { pino, type Logger } from 'pino';
import { chooseCapacity, type Capacity } from './capacity';
import { parseCommandLine, type CommandLine } from './command-line';
import { createEngine, type ModelEngine } from './engine';
import { createContextEstimate, loadLlamaModel, startLlama, type Llama } from './llama-model';
import { createLocalModelServer, type LocalModelServer, type ServedModel } from './server';

/** A native evaluation cannot be interrupted; after this long, the process exits without a clean shutdown. */
const STOP_PATIENCE_MS = 10_000;

async function main(log: Logger): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  const loaded: ModelEngine[] = [];
  const llama = await startLlama(log);
  const capacity = await measureCapacity(llama, options);
  const models = loadInOrder(llama, { ...options, ...capacity }, loaded, log);
  const server = await createLocalModelServer({ ...options, models, log });
  log.info({ url: server.url, ...capacity, models: options.models.map(({ id }) => id) }, 'listening');
  let stopping: Promise<void> | undefined;
  const onSignal = (): void => {
    stopping ??= stop(server, loaded, log);
  };
  // `on`, not `once`: a library re-sends the signal, which kills the process, as soon as its own handler is the only listener.
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  await Promise.all(models.map(({ engine }) => engine));
  log.info({ rssBytes: process.memoryUsage.rss() }, 'all models loaded');
}

/** Asks for estimates only if the command line leaves something open. */
async function measureCapacity(llama: Llama, { slots, context, models }: CommandLine): Promise<Capacity> {
  if (slots !== undefined && context !== undefined) return { slots, context };
  const estimates = await Promise.all(models.map(({ path }) => createContextEstimate(llama, path)));
  const estimateAll = async (capacity: Capacity) =>
    (await Promise.all(estimates.map((estimate) => estimate(capacity)))).reduce((sum, bytes) => sum + bytes, 0);
  const set = { ...(slots === undefined ? {} : { slots }), ...(context === undefined ? {} : { context }) };
  return chooseCapacity(set, process.availableMemory(), estimateAll);
}

/** Each load starts when the previous one is done, so that the first model is ready as early as possible. */
function loadInOrder(llama: Llama, options: CommandLine & Capacity, loaded: ModelEngine[], log: Logger): ServedModel[] {
  let before: Promise<unknown> = Promise.resolve();
  return options.models.map((file) => {
    async function load(): Promise<ModelEngine> {
      const startedAt = Date.now();
      const engine = createEngine(await loadLlamaModel(llama, { ...options, ...file }));
      loaded.push(engine);
      log.info({ model: file.id, ms: Date.now() - startedAt, rssBytes: process.memoryUsage.rss() }, 'model loaded');
      return engine;
    }
    const engine = before.then(load);
    before = engine;
    return { id: file.id, contextLength: options.context, engine };
  });
}

async function stop(server: LocalModelServer, loaded: readonly ModelEngine[], log: Logger): Promise<void> {
  setTimeout(() => process.exit(1), STOP_PATIENCE_MS).unref();
  // Engines first: their readers learn why the answer broke off before the sockets close.
  await Promise.all(loaded.map((engine) => engine.stop()));
  await server.stop();
  log.info('stopped');
  process.exit(0);
}

const log = pino({ name: 'local-model' });
main(log).catch((error: unknown) => {
  log.fatal({ err: error }, 'cannot serve');
  process.exit(1);
});
