import { parseCommandLine } from '../../src/local-model/command-line';

test('models keep their order, other options have defaults', () => {
  expect(parseCommandLine(['--model', 'a=/x/a.gguf', '--model', 'b=/x/b=1.gguf'])).toEqual({
    host: '127.0.0.1',
    port: 8009,
    models: [
      { id: 'a', path: '/x/a.gguf' },
      { id: 'b', path: '/x/b=1.gguf' },
    ],
    threads: 1,
    slots: undefined,
    context: undefined,
  });
});

test.each([
  [[], 'no --model'],
  [['--model', 'a'], "got 'a'"],
  [['--model', 'a=1', '--model', 'a=2'], 'one id'],
  [['--model', 'a=1', '--port', '80x'], '--port'],
  [['--model', 'a=1', '--slots', '0'], '--slots'],
])('%j is rejected with the reason', (args: string[], reason) => {
  expect(() => parseCommandLine(args)).toThrow(reason);
});
