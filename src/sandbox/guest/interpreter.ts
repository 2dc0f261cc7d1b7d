/** Pyodide's CPython, loaded from the installed packages. It gets no JavaScript names at all. */
import { constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadPyodide, type PyodideAPI } from 'pyodide';
import { removeBuiltinModules } from './builtin-modules';
import { installImportGate } from './import-gate';
import { PYODIDE_IMPORTS } from './pyodide-imports';
import { PythonCalls } from './python-calls';

/**
 * Contained in the memory image: loading it takes seconds once, and no time at later starts. The guest's own modules keep the original
 * builtins, whatever a program does to its own. Garbage must be collected: it is reachable through the subclasses of its classes, and such
 * a class of `inspect` holds a copy of all modules.
 */
const PRELOADED = `import abc, ast, asyncio, bisect, builtins, collections, contextlib, copy, dataclasses, datetime, decimal, doctest, enum
import fractions, functools, gc, hashlib, heapq, inspect, io, itertools, json, logging, math, operator, os, random, re, statistics, string, sys
import tempfile, threading, time, traceback, types, typing, unittest, unittest.mock, uuid
for name, text in OURS.items():
    module = sys.modules[name] = types.ModuleType(name)
    module.__builtins__ = dict(vars(builtins))
    exec(compile(text, name, 'exec'), module.__dict__)
gc.collect()`;

/** In the order of their imports. */
const OURS = ['lockdown', 'assertions', 'doctests', 'substitutes', 'pytest', 'runner'];

/** Handles the program's output, and reads of its input. */
export interface Streams {
  write(bytes: Uint8Array): number;
  /** Called when standard input is read, which is always empty. */
  onRead(): void;
}

export interface Interpreter {
  calls: PythonCalls;
  /** Separates the interpreter from JavaScript permanently. After this, Python and the host share only memory and calls, not objects. */
  close(): void;
}

/** Starts from an image, which is about ten times faster. */
export async function startFromImage(image: Uint8Array, streams: Streams): Promise<Interpreter> {
  mendBinding();
  const gate = installImportGate(PYODIDE_IMPORTS);
  const python = await loadPyodide({ jsglobals: Object.create(null) as object, _loadSnapshot: image } as Parameters<
    typeof loadPyodide
  >[0]);
  connectStreams(python, streams);
  const calls = new PythonCalls(gate.mainExports());
  return {
    calls,
    close() {
      const absent = calls.call(calls.hold('lockdown', 'absent'))!.split(' ');
      calls.call(calls.hold('runner', 'lock_down'));
      removeBuiltinModules(calls, absent);
      gate.close();
    },
  };
}

/** Loads everything and returns the image of the interpreter's memory. */
export async function makeImage(): Promise<Uint8Array> {
  mendBinding();
  const python = await loadPyodide({ jsglobals: Object.create(null) as object, _makeSnapshot: true });
  const texts = OURS.map((name) => [name, readFileSync(path.join(__dirname, `${name}.py`), 'utf8')]);
  python.runPython(PRELOADED, { globals: python.toPy({ OURS: Object.fromEntries(texts) as object }) as never });
  return (python as unknown as { makeMemorySnapshot(): Uint8Array }).makeMemorySnapshot();
}

function connectStreams(python: PyodideAPI, { write, onRead }: Streams): void {
  python.setStdin({ stdin: () => (onRead(), null) });
  python.setStdout({ write });
  python.setStderr({ write });
  // the terminals would use Node's own streams
  for (const terminal of ['/dev/tty', '/dev/tty1']) (python.FS as { unlink(path: string): void }).unlink(terminal);
}

/** Emscripten reads constants through `process.binding`, which Node's permission model denies. */
function mendBinding(): void {
  Object.assign(process, { binding: () => ({ fs: constants }) });
}
