/** Runs one task on a running service and shows it live: speakers and text on stdout, everything else on stderr. */
import type { RunView } from '../contract/replies';
import type { Environment } from '../dev-stack/environment';
import { readHealth } from '../dev-stack/health';
import { toPrintable, toPrintableLine } from '../printable';
import type { Task } from './command-line';
import { EXIT } from './define-program';
import { RunProgress } from './run-progress';
import { RefusedRequest, RunStream, type StreamFrame } from './run-stream';
import { summariseRun } from './run-summary';
import { TurnPrinter } from './turn-printer';

/** Statuses of invalid requests: unknown swarm, empty text, text too long. */
const MISTAKE_STATUSES = [400, 404, 413, 422];
/** After this time without a frame, the service is asked whether a worker is running. */
const SILENCE_MS = 8000;

/** Resolves to the exit code. Ctrl-C aborts `signal`. */
export async function runTask(task: Task, environment: Environment, signal: AbortSignal): Promise<number> {
  const startedAt = Date.now();
  const stream = new RunStream(task, environment);
  const cancel = () => void stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const shown = await showRun(stream, environment);
    await conclude(stream, shown, (Date.now() - startedAt) / 1000);
    if (shown.last.event === 'run.completed') return chooseExit(shown);
  } catch (error) {
    if (!signal.aborted) say(toPrintableLine(error instanceof Error ? error.message : error));
    if (error instanceof RefusedRequest && MISTAKE_STATUSES.includes(error.status)) return EXIT.wrongUsage;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  return signal.aborted ? EXIT.interrupted : EXIT.failed;
}

async function conclude(stream: RunStream, { last, models, progress }: ShownRun, seconds: number): Promise<void> {
  const verdict = (await stream.readResult<Pick<RunView, 'verdict'>>())?.verdict;
  const lines = summariseRun({ last, state: progress.describe(), models, seconds, link: stream.link, verdict });
  for (const line of ['', ...lines]) say(line);
}

/** The exit code of a run that completed. */
function chooseExit({ progress }: ShownRun): number {
  return progress.describe().state === 'checks_failed' ? EXIT.checksFailed : EXIT.completed;
}

interface ShownRun {
  last: StreamFrame;
  models: string[];
  progress: RunProgress;
}

async function showRun(stream: RunStream, environment: Environment): Promise<ShownRun> {
  const printer = new TurnPrinter({ write: writeText, note: say, isShared: Boolean(process.stdout.isTTY) });
  const progress = new RunProgress();
  /** The model of each turn, as received last: the model that finally answered is named last. */
  const models = new Map<string, string>();
  const tell = (label: string | undefined) => {
    if (label) say(`-- ${toPrintableLine(describeNews(label, progress, stream.link))}`);
  };
  const silence = watchSilence(environment, (hasWorker) => tell(progress.takeWorkers(hasWorker)));
  try {
    for await (const frame of stream.follow()) {
      silence.reset();
      printer.take(frame);
      tell(progress.take(frame));
      if (frame.turn && frame.model) models.set(frame.turn, frame.model);
      if (frame.done) return { last: frame, models: [...new Set(models.values())], progress };
    }
  } finally {
    silence.end();
    printer.finish();
  }
  throw new Error('The stream ended before the run did.');
}

function describeNews(label: string, { question }: RunProgress, link: string): string {
  return question ? `${label}: ${question} Decide at ${link}` : label;
}

/** Reports whether a worker is running, each time after a silence. */
function watchSilence(environment: Environment, report: (hasWorker: boolean) => void) {
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(() => void ask(), SILENCE_MS).unref();
  };
  const ask = async () => {
    const health = await readHealth(environment);
    if (health) report(health.systems.worker);
    wait();
  };
  wait();
  return { reset: () => timer.refresh(), end: () => clearTimeout(timer) };
}

/** Filters the text even if stdout is a pipe, since its other end may be a terminal. */
function writeText(text: string): void {
  process.stdout.write(toPrintable(text));
}

function say(line: string): void {
  process.stderr.write(`${toPrintable(line)}\n`);
}
