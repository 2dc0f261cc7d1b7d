// The command line of the local model server, parsed and checked in one place.
import { parseArgs } from 'node:util';

const USAGE =
  'usage: main.js --model <id>=<file.gguf> [--model ...] [--port 8009] [--host 127.0.0.1] [--threads 1] [--slots 4] [--context 8192]';

/** One `--model <id>=<path>`. */
export interface ModelFile {
  readonly id: string;
  readonly path: string;
}

/** Everything that the process takes from outside. */
export interface CommandLine {
  readonly host: string;
  readonly port: number;
  readonly models: readonly ModelFile[];
  /** Default 1: on shared cores, two threads of one model wait for each other longer than they work. */
  readonly threads: number;
  readonly slots: number;
  readonly context: number;
}

/** Parses arguments (without node and script); throws an error that shows the usage. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8009' },
      model: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: '1' },
      slots: { type: 'string', default: '4' },
      context: { type: 'string', default: '8192' },
    },
  });
  return {
    host: values.host,
    port: wholeNumber('port', values.port, { least: 0, most: 65_535 }),
    models: distinct(values.model.map(parseModelFile)),
    threads: wholeNumber('threads', values.threads, { least: 1, most: 64 }),
    slots: wholeNumber('slots', values.slots, { least: 1, most: 64 }),
    context: wholeNumber('context', values.context, { least: 256, most: 1_048_576 }),
  };
}

function parseModelFile(text: string): ModelFile {
  const [, id, path] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (id === undefined || path === undefined) throw new Error(`--model takes <id>=<path>, got '${text}'\n${USAGE}`);
  return { id, path };
}

function distinct(models: readonly ModelFile[]): readonly ModelFile[] {
  if (models.length === 0) throw new Error(`no --model given\n${USAGE}`);
  if (new Set(models.map(({ id }) => id)).size < models.length) throw new Error(`two models have one id\n${USAGE}`);
  return models;
}

function wholeNumber(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`--${name} takes a whole number from ${least} to ${most}, got '${text}'\n${USAGE}`);
}
