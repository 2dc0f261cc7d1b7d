/** The objects that a program can reach inside the Python interpreter: none of them acts on JavaScript. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { changeGuest, NOT_CLEANED, NOTHING_FORBIDDEN, type Change } from './escapes/changed-guest';
import { createHarness } from './fixtures';

const WALK = readFileSync(path.join(__dirname, 'escapes/reachable.py'), 'utf8');

/** With the garbage collector's API allowed, which also reports references that Python's syntax does not show. */
async function walk(changes: readonly Change[]): Promise<{ objects: number; found: number; output: string }> {
  const { folder, remove } = changeGuest([NOTHING_FORBIDDEN, ...changes]);
  const harness = createHarness({ guest: folder, wallMs: 60_000 });
  try {
    const report = await harness.python(WALK, { wallMs: 60_000 });
    expect(report.checks[0]?.error).toBeUndefined();
    const [objects, found] = report.output.split(', ').map(Number);
    return { objects: objects ?? 0, found: found ?? -1, output: report.output };
  } finally {
    await harness.stop();
    remove();
  }
}

test('no proxy, no function and no module of the bridge is left', async () => {
  const { objects, found, output } = await walk([]);
  expect(objects).toBeGreaterThan(20_000);
  expect({ found, output }).toMatchObject({ found: 0 });
}, 240_000);

test('control: the same walk finds them if nothing is removed', async () => {
  const { found, output } = await walk(NOT_CLEANED);
  expect(found).toBeGreaterThan(50);
  for (const name of ['JsProxy', 'module', 'builtin_function_or_method to_js', 'function'])
    expect(output).toContain(name);
}, 240_000);
