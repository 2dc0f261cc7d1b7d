/** What the linter of the Lua scripts reports; each test gives it scripts in a folder of their own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const LINTER = path.join(__dirname, '../../tools/lint-lua.mjs');

/** The lines that it reports, and its exit code. */
function lint(files: Record<string, string>): { code: number | null; lines: string[] } {
  const folder = mkdtempSync(path.join(tmpdir(), 'murmuration-lua-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  const { status, stderr } = spawnSync(process.execPath, [LINTER, folder], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { code: status, lines: stderr.split('\n').filter(Boolean) };
}

test.each([
  ['a syntax error', 'local a = 1\nif a then', /^a\.lua:\d syntax error /],
  ['syntax of a later Lua', 'goto done\n::done::', /^a\.lua:\d syntax error /],
  ['a misspelt name', 'local key = KEYS[1]\nreturn redis.call("GET", kye) .. key', /^a\.lua:2 'kye' is not declared$/],
  ['a global that Redis does not offer', 'return os.time()', /^a\.lua:1 'os' is not declared$/],
  [
    'a name outside of its block',
    'if KEYS[1] then local x = 1 redis.log(x) end\nreturn x',
    /^a\.lua:2 'x' is not declared$/,
  ],
  ['a write to a global', 'count = 1', /^a\.lua:1 'count' is written without a declaration$/],
  ['a global function', 'function count() end', /^a\.lua:1 'count' is written without a declaration$/],
  ['a local that is never read', 'local count = 1', /^a\.lua:1 'count' is never read$/],
  ['a local function that is never called', 'local function count() end', /^a\.lua:1 'count' is never read$/],
  [
    'a parameter that is never read',
    'local function f(a, b) return a end\nreturn f(1)',
    /^a\.lua:1 'b' is never read$/,
  ],
  [
    'a name that hides another',
    'local a = 1\ndo local a = 2 redis.log(a) end\nreturn a',
    /^a\.lua:2 'a' hides the one of a\.lua:1$/,
  ],
  [
    'a missing file',
    '-- @include shared/none\nreturn 1',
    /^a\.lua:1 includes shared\/none\.lua, which does not exist$/,
  ],
])('reports %s', (_what, script, expected) => {
  const { code, lines } = lint({ 'a.lua': script });
  expect(lines).toEqual([expect.stringMatching(expected)]);
  expect(code).toBe(1);
});

const CLOCK = 'local function read_clock() return redis.call("TIME")[1] end\nlocal function unread() end\n';

test('follows includes: names of a shared file are declared, and one that no script reads is reported', () => {
  const { code, lines } = lint({
    'a.lua': '-- @include shared/clock\nreturn read_clock()',
    'b.lua': '-- @include shared/stream\nreturn now',
    'shared/stream.lua': '-- @include shared/clock\nlocal now = read_clock()\n',
    'shared/clock.lua': CLOCK,
  });
  expect(lines).toEqual(["shared/clock.lua:2 'unread' is never read"]);
  expect(code).toBe(1);
});

test('reports a shared file that no script includes', () => {
  expect(lint({ 'shared/clock.lua': 'return 1' }).lines).toEqual(['shared/clock.lua:1 no script includes this file']);
});

test('accepts a sound script of every kind of statement', () => {
  const script = `
    local sum, args = 0, cjson.decode(ARGV[1])
    local function add(amount, ...) sum = sum + amount + select('#', ...) return sum end
    for _, value in ipairs(args.values) do add(value) end
    for index = 1, #KEYS, 2 do redis.call('SET', KEYS[index], tostring(add(index))) end
    while sum < 10 do sum = sum * 2 end
    repeat local done = sum > 100 add(1) until done
    if sum > 5 then args.name = 'x' elseif sum > 3 then args['y'] = { z = 1, [sum] = 2, 3 } else return nil end
    return { ok = args.name }`;
  expect(lint({ 'a.lua': script })).toEqual({ code: 0, lines: [] });
});

test('accepts a folder that does not exist', () => {
  expect(spawnSync(process.execPath, [LINTER, '/does/not/exist']).status).toBe(0);
});
