/** The escapes behind the layers that this machine offers, and a control in which they must succeed. */
import { changeGuest, GATE_OPEN, NOT_CLEANED, NOTHING_FORBIDDEN } from './escapes/changed-guest';
import { KNOWN_BRIDGES } from './escapes/bridges';
import { runEscapeSuite } from './escapes/suite';
import { createHarness } from './fixtures';

runEscapeSuite('as the worker runs them');

test('control: without the gate and the cleaning, each of the three known escapes succeeds', async () => {
  const { folder, remove } = changeGuest([GATE_OPEN, ...NOT_CLEANED, NOTHING_FORBIDDEN]);
  const harness = createHarness({ guest: folder, wallMs: 20_000 });
  try {
    for (const { text } of KNOWN_BRIDGES.filter((_program, at) => at % 3 === 0)) {
      expect((await harness.python(text)).output).toMatch(/^OUT/m);
    }
  } finally {
    await harness.stop();
    remove();
  }
}, 240_000);

test('without the cleaning, objects are found but have no effect: the gate ends the child as tampered with', async () => {
  const { folder, remove } = changeGuest([...NOT_CLEANED, NOTHING_FORBIDDEN]);
  const harness = createHarness({ guest: folder, wallMs: 20_000 });
  try {
    for (const { text } of KNOWN_BRIDGES.filter((_program, at) => at % 3 === 0)) {
      const report = await harness.python(text);
      expect(report).toMatchObject({ executed: false, passed: false, checks: [] });
      expect(report.reason).toContain('tampered with');
    }
  } finally {
    await harness.stop();
    remove();
  }
}, 240_000);
