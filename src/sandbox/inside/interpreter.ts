/** The CPython of Pyodide, loaded from this machine's packages. It is given no JavaScript names at all. */
import { constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadPyodide, type PyodideAPI } from 'pyodide';

/** What stands in the memory image already: loading it costs seconds once, and nothing later. */
const PRELOADED = `import abc, ast, asyncio, bisect, collections, contextlib, copy, dataclasses, datetime, decimal, doctest, enum, fractions, functools
import hashlib, heapq, inspect, io, itertools, json, logging, math, operator, os, random, re, statistics, string, sys, tempfile
import threading, time, traceback, types, typing, unittest, unittest.mock, uuid
for name, text in OURS.items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, 'exec'), module.__dict__)`;

/** In the order in which they import each other. */
const OURS = ['assertions', 'substitutes', 'pytest', 'runner'];

/** Starts from an image, in a tenth of the time. */
export async function startFromImage(image: Uint8Array): Promise<PyodideAPI> {
  mendBinding();
  return loadPyodide({ jsglobals: Object.create(null) as object, _loadSnapshot: image } as Parameters<
    typeof loadPyodide
  >[0]);
}

/** Loads everything and answers the image of the interpreter's memory. */
export async function makeImage(): Promise<Uint8Array> {
  mendBinding();
  const python = await loadPyodide({ jsglobals: Object.create(null) as object, _makeSnapshot: true });
  const texts = OURS.map((name) => [name, readFileSync(path.join(__dirname, `${name}.py`), 'utf8')]);
  python.runPython(PRELOADED, { globals: python.toPy({ OURS: Object.fromEntries(texts) as object }) as never });
  return (python as unknown as { makeMemorySnapshot(): Uint8Array }).makeMemorySnapshot();
}

/** Emscripten reads constants through `process.binding`, which the permission model refuses. */
function mendBinding(): void {
  Object.assign(process, { binding: () => ({ fs: constants }) });
}
