/**
 * Loads the bundles that the build makes: all modules of a process in one file, and next to it the code that V8 compiled for them. Loading
 * the modules one by one takes three times as long, which a killed worker's turns would wait for.
 */
import { isAscii } from 'node:buffer';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

/** The first line of a bundle. The hash of its text names the file with the compiled code, so that it never belongs to another text. */
const FIRST_LINE = /^\/\/ bundle ([\da-f]{64})\n/;

type Wrapper = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/** Returns the exports of a bundle. A file that is not a bundle is loaded as the module that it is. */
export function loadBundle(file: string): unknown {
  const { text, codeFile } = readBundle(file);
  if (!codeFile) return createRequire(file)(file);
  // V8 refuses code of another version of Node, and compiles the text then
  return execute(file, compile(file, text, existsSync(codeFile) ? readFileSync(codeFile) : undefined));
}

/**
 * Executes the modules of a bundle, with those that it loads later (its export `loadModules`), and writes the code that V8 has compiled by
 * then. The bundle is read from `draft`, and the code refers to it as `file`.
 */
export async function writeCode(draft: string, file: string): Promise<void> {
  const { text, codeFile } = readBundle(draft);
  if (!codeFile) throw new Error(`${draft} is not a bundle.`);
  const script = compile(file, text);
  const { loadModules } = execute(file, script) as { loadModules?: () => Promise<void> };
  await loadModules?.();
  writeFileSync(codeFile, script.createCachedData());
}

function readBundle(file: string): { text: string; codeFile: string | undefined } {
  const bytes = readFileSync(file);
  // a string with one byte a character is half as large, and needs no decoding
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const hash = FIRST_LINE.exec(text)?.[1];
  return { text, codeFile: hash && path.join(path.dirname(file), `${hash}.code`) };
}

function compile(file: string, text: string, cachedData?: Buffer): vm.Script {
  return new vm.Script(text, {
    filename: file,
    ...(cachedData ? { cachedData } : {}),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

function execute(file: string, script: vm.Script): unknown {
  const module: { exports: unknown } = { exports: {} };
  const run = script.runInThisContext() as Wrapper;
  run(module.exports, createRequire(file), module, file, path.dirname(file));
  return module.exports;
}
