// Parses and validates the command line of the local model server.
import { parseArgs } from 'node:util';

const USAGE =
  'usage: main.js --model <id>=<file.gguf> [--model ...] [--port 8009] [--host 127.0.0.1] [--threads 1] [--slots auto] [--context auto]';

const AUTO = 'auto';

/** One `--model <id>=<path>`. */
interface ModelFile {
  readonly id: string;
  readonly path: string;
}

/** All external inputs of the process. */
export interface CommandLine {
  readonly host: string;
  readonly port: number;
  readonly models: readonly ModelFile[];
  /** Default 1: on shared cores, two threads of one model spend more time waiting for each other than working. */
  readonly threads: number;
  /** Undefined: chosen by the machine's memory. */
  readonly slots: number | undefined;
  readonly context: number | undefined;
}

/** Parses the arguments (without node and script); throws an error that contains the usage. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8009' },
      model: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string', default: '1' },
      slots: { type: 'string', default: AUTO },
      context: { type: 'string', default: AUTO },
    },
  });
  return {
    host: values.host,
    port: wholeNumber('port', values.port, { least: 0, most: 65_535 }),
    models: distinct(values.model.map(parseModelFile)),
    threads: wholeNumber('threads', values.threads, { least: 1, most: 64 }),
    slots: wholeNumberOrAuto('slots', values.slots, { least: 1, most: 64 }),
    context: wholeNumberOrAuto('context', values.context, { least: 256, most: 1_048_576 }),
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

function wholeNumberOrAuto(name: string, text: string, bounds: { least: number; most: number }): number | undefined {
  return text === AUTO ? undefined : wholeNumber(name, text, bounds);
}

function wholeNumber(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`--${name} takes a whole number from ${least} to ${most}, got '${text}'\n${USAGE}`);
}
