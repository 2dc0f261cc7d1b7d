/** Compiling programs that the interpreter does not support directly. */
import { compile } from '../../src/sandbox/host/compile';

const AT_ONCE = 5;

test('compiles reliably, whatever else the machine does', async () => {
  const program = { path: 'main.ts', text: 'namespace A { export namespace B { export const one = 1; } }\nA.B.one;' };
  const failures: unknown[] = [];
  for (let round = 0; round < 20; round++) {
    const outcomes = await Promise.all(Array.from({ length: AT_ONCE }, () => compile([program])));
    failures.push(...outcomes.filter((outcome) => !('files' in outcome)));
  }
  expect(failures).toEqual([]);
});

test('stops at its memory limit, and reports that the program could not be compiled here', async () => {
  const deep = `namespace A {}\n${'a=>{'.repeat(50_000)}${'}'.repeat(50_000)}`;
  expect(await compile([{ path: 'main.ts', text: deep }])).toEqual({
    unable: 'The program could not be compiled here.',
  });
});
