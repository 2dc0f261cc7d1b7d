/** The Lua scripts use named arguments; `npm run check:lua` checks the rest. */
import { scripts } from '../../src/redis/scripts';

/** Called for each piece of text; see append-command.ts. */
const BY_POSITION = ['append-turn-events'];

function findPositions(lua: string): string[] {
  return lua.match(/\bARGV\b(?!\[1\])/g) ?? [];
}

test.each(Object.entries(scripts).filter(([name]) => !BY_POSITION.includes(name)))(
  '%s takes its arguments by name',
  (_name, { lua }) => expect(findPositions(lua)).toEqual([]),
);

test('an argument by position is found', () => expect(findPositions('local a, b = ARGV[1], ARGV[2]')).toHaveLength(1));
