// The process of the local models: reads the command line, listens at once, loads the models one after the other in the
// order given, and leaves cleanly on SIGTERM or SIGINT.
import { pino, type Logger } from 'pino';
import { parseCommandLine, type CommandLine } from './command-line';
import { createEngine, type Engine } from './engine';
import { loadLlamaModel, startLlama } from './llama-model';
import { createLocalModelServer, type LocalModelServer, type ServedModel } from './server';

/** A native evaluation cannot be interrupted; after this long, leaving matters more than leaving cleanly. */
const STOP_PATIENCE_MS = 10_000;

async function main(log: Logger): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  const loaded: Engine[] = [];
  const models = loadInOrder(options, loaded, log);
  const server = await createLocalModelServer({ ...options, models, log });
  log.info({ url: server.url, models: options.models.map(({ id }) => id) }, 'listening');
  let stopping: Promise<void> | undefined;
  const onSignal = (): void => {
    stopping ??= stop(server, loaded, log);
  };
  // `on`, not `once`: a library below re-sends a signal, to kill, as soon as it finds itself the only listener.
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  await Promise.all(models.map(({ engine }) => engine));
  log.info({ rssBytes: process.memoryUsage.rss() }, 'all models loaded');
}

/** Each load starts when the one before is done, so that the first model is ready soonest. */
function loadInOrder(options: CommandLine, loaded: Engine[], log: Logger): ServedModel[] {
  const llama = startLlama(log);
  let before: Promise<unknown> = Promise.resolve();
  return options.models.map((file) => {
    async function load(): Promise<Engine> {
      const startedAt = Date.now();
      const engine = createEngine(await loadLlamaModel(await llama, { ...options, ...file }));
      loaded.push(engine);
      log.info({ model: file.id, ms: Date.now() - startedAt, rssBytes: process.memoryUsage.rss() }, 'model loaded');
      return engine;
    }
    const engine = before.then(load);
    before = engine;
    return { id: file.id, contextLength: options.context, engine };
  });
}

async function stop(server: LocalModelServer, loaded: readonly Engine[], log: Logger): Promise<void> {
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
