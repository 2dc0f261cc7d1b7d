/**
 * Loads the Lua scripts, each an atomic step, and exposes them as typed functions.
 *
 * A script takes its keys in the order named in its first lines, and one JSON object as its argument, so no argument is positional. The
 * exception is `append-turn-events`, which is called for each piece of text (append-command.ts).
 * A script returns a record as JSON, and a number, a string or a list of strings as Redis' own types: an empty Lua table encodes the same
 * for a list and a record. Code shared by several scripts is in `lua/shared`, included by a line `-- @include shared/<name>`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Redis } from 'ioredis';
import { z } from 'zod';

const FOLDER = path.join(__dirname, 'lua');
const EXTENSION = '.lua';
const INCLUDE = '-- @include ';

/** The scripts by name, in the form ioredis expects. Each connection sends a script once, and its hash afterwards. */
export const scripts: Record<string, { lua: string }> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .map((name) => [name, { lua: readSource(name) }]),
);

/** Returns a file with its includes expanded; a file included twice appears once. */
function readSource(name: string, included = new Set<string>()): string {
  const lines = readFileSync(path.join(FOLDER, `${name}${EXTENSION}`), 'utf8').split('\n');
  const withIncludes = lines.map((line) => {
    if (!line.startsWith(INCLUDE)) return line;
    const other = line.slice(INCLUDE.length).trim();
    if (included.has(other)) return '';
    included.add(other);
    return readSource(other, included);
  });
  return withIncludes.join('\n');
}

type Command = (keyCount: number, ...keysAndValues: string[]) => Promise<unknown>;

/** Defines a function that calls a script with named arguments. Throws if there is no such script. */
export function defineScript<Args extends object, Reply>(name: string, reply: z.ZodType<Reply>) {
  if (!scripts[name]) throw new Error(`There is no Lua script "${name}".`);
  return async (redis: Redis, keys: readonly string[], args: Args): Promise<Reply> => {
    // ioredis adds a method for each script that the connection was created with (connect.ts)
    const command = (redis as Redis & Record<string, Command | undefined>)[name];
    if (!command) throw new Error(`The connection does not know the Lua script "${name}".`);
    return reply.parse(await command.call(redis, keys.length, ...keys, encodeArguments(args)));
  };
}

/** Replaces half surrogate pairs, which Lua's JSON decoder rejects, by U+FFFD, as in every text sent to Redis. */
function encodeArguments(args: object): string {
  const json = JSON.stringify(args);
  const mayHaveHalves = json.includes('\\ud');
  return mayHaveHalves ? JSON.stringify(args, (_key, value: unknown) => toWellFormed(value)) : json;
}

function toWellFormed(value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).toString() : value;
}

/** Schema of a reply that is JSON of this shape. */
export function json<Shape extends z.ZodType>(shape: Shape) {
  return z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(shape);
}

/** Schema of a reply of 1 or 0. */
export const flag = z.number().transform((value) => value === 1);

/** Schema of a reply without content. */
export const done = z.unknown().transform(() => undefined);
