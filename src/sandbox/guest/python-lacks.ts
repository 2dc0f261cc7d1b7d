/** Derives from a Python error what a program requested from its environment and did not find. Pure. */
import type { Lack } from './engine';

/** A step that ended with an error. */
export interface FailedStep {
  /** The name of the error's class. */
  type: string;
  /** The traceback. */
  text: string;
  /** Whether standard input was read, which is empty. */
  hasReadInput: boolean;
  /** Whether the program itself writes files: then a file that it does not find may be its own mistake. */
  writesFiles: boolean;
}

/** Undefined if the error is unrelated to the environment. */
export function findLack({ type, text, hasReadInput, writesFiles }: FailedStep): Lack | undefined {
  // the error is at the end of a traceback, after the program's own output
  const end = text.slice(-LONGEST_END);
  return (
    LACKS.find(([, pattern]) => pattern.test(end))?.[0] ??
    findArgument(type, end) ??
    findVariable(end) ??
    (writesFiles ? undefined : findFile(end)) ??
    (hasReadInput && FROM_NOTHING.has(type) ? INPUT : undefined) ??
    findModule(end)
  );
}

/** Only this much of a traceback's end is read. UTF-16 units. */
const LONGEST_END = 4000;

/** Patterns of the last line of a traceback; argparse exits with code 2. */
const LACKS: readonly [Lack, RegExp][] = [
  ['keyboard input', /\nEOFError: EOF when reading a line$/],
  ['command-line arguments', /\nSystemExit: (?:2$|\s{0,9}usage\b)/i],
  ['network', /There is no network here>?$/],
  ['threads', /\nRuntimeError: can't start new thread$/],
  ['processes', /There are no processes here$|does not support processes\.$|No module named '_multiprocessing'/],
  ['processes', /\nAttributeError: module 'os' has no attribute '(?:fork|wait|waitpid|kill|setsid)'/],
  ['signals', /\nAttributeError: module 'signal' has no attribute '/],
  ['time zones', /\nzoneinfo\._common\.ZoneInfoNotFoundError: /],
  ['OpenSSL', /\nAttributeError: module 'hashlib' has no attribute 'scrypt'/],
];

/** Errors that empty input may cause. Other errors have other causes, even if input was read before. */
const FROM_NOTHING = new Set(
  'EOFError ValueError JSONDecodeError IndexError KeyError StopIteration ZeroDivisionError StatisticsError SystemExit'.split(
    ' ',
  ),
);

/** The statement that reads an argument is the last one in the traceback. */
function findArgument(type: string, text: string): Lack | undefined {
  if (type !== 'IndexError' && type !== 'ValueError') return undefined;
  const lines = text.split('\n').filter((line) => !/^[ ~^]*$/.test(line.slice(0, LONGEST_LINE)));
  const [statement = ''] = lines.slice(-2);
  return /\bargv\b/.test(statement.slice(0, LONGEST_LINE)) ? 'command-line arguments' : undefined;
}

const LONGEST_LINE = 500;

/** Raised by `os.environ` itself. */
function findVariable(text: string): Lack | undefined {
  const [, name] = /<frozen os>", line \d{1,9}, in __getitem__[^]{0,200}\nKeyError: '(\w{1,100})'$/.exec(text) ?? [];
  return name && `${VARIABLE}${name}`;
}

function findFile(text: string): Lack | undefined {
  const [, name] = /\nFileNotFoundError: \[Errno \d{1,3}\] [^\n:]{1,100}: '([^'\n]{1,100})'$/.exec(text) ?? [];
  return name && `${FILE}${name}`;
}

/** A module that is imported while the program runs. A name such as `_tkinter` belongs to another module. */
function findModule(text: string): string | undefined {
  const [, name] = /\nModuleNotFoundError: No module named '_?(\w+)(?:\.[\w.]*)?'$/.exec(text) ?? [];
  return name;
}

const INPUT = 'standard input';
const VARIABLE = 'the environment variable ';
const FILE = 'the file ';

/**
 * Whether the request would have to provide it: input, a file, or an environment variable. Its absence may also be the program's mistake.
 */
export function isGiven(lack: Lack): boolean {
  return lack === INPUT || lack.startsWith(VARIABLE) || lack.startsWith(FILE);
}

/** Calls such as `open` for writing. */
const WRITES =
  /\bopen\([^)\n]{0,200}["'][rbt]{0,2}[wax+][rbt+]{0,2}["']|\.write_(?:text|bytes)\(|\b(?:makedirs|mkdir|mkd?stemp|NamedTemporaryFile|TemporaryDirectory|to_csv|copyfile|touch|rename)\(|\bsqlite3\b/;

export function writesFiles(source: string): boolean {
  return WRITES.test(source);
}
