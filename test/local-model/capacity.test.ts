import { chooseCapacity, type Capacity } from '../../src/local-model/capacity';

const GB = 1e9;
/** Like the two embedded models. */
const estimate = ({ slots, context }: Capacity) => Promise.resolve(0.08 * GB + slots * context * 41_000);

test.each([
  [32, { slots: 4, context: 8192 }],
  [10, { slots: 3, context: 8192 }],
  [7, { slots: 2, context: 8192 }],
  [4, { slots: 1, context: 8192 }],
  [2.5, { slots: 1, context: 4096 }],
  [0.5, { slots: 1, context: 2048 }],
])('with %d GB available, the contexts take an eighth of it, and at least one is left', async (available, chosen) => {
  expect(await chooseCapacity({}, available * GB, estimate)).toEqual(chosen);
  if (available > 2) expect(await estimate(chosen)).toBeLessThanOrEqual((available * GB) / 8);
});

test('what the command line sets is kept', async () => {
  expect(await chooseCapacity({ slots: 8 }, 0.5 * GB, estimate)).toEqual({ slots: 8, context: 2048 });
  expect(await chooseCapacity({ context: 16_384 }, 6 * GB, estimate)).toEqual({ slots: 1, context: 16_384 });
});
