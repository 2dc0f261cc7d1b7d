/** The names that refer to a turn: that of its first try, and those of the stages that contain it. Ids are not parsed. */
import { isNamed, listStagesAround, nameFirstTry } from '../../src/contract/turn-names';
import { PLACE } from '../support/events';

const alone = { turn: 'draft', place: PLACE };
const staged = {
  turn: 'a/b-2/draft~2',
  place: {
    ...PLACE,
    stage: { id: 'a/b-2', plan: 'a/b', round: 2, within: ['a'] },
    try: 2,
    retry_of: 'a/b-2/draft',
  },
};

test('all tries of a turn share the name of the first', () => {
  expect([alone, staged].map(nameFirstTry)).toEqual(['draft', 'a/b-2/draft']);
});

test('stages are listed from the outermost to the innermost', () => {
  expect(listStagesAround(alone)).toEqual([]);
  expect(listStagesAround(staged)).toEqual(['a', 'a/b-2']);
});

test.each([
  ['draft', true, false],
  ['a', false, true],
  ['a/b-2', false, true],
  ['a/b-2/draft', false, true],
  ['a/b', false, false],
  ['b-2', false, false],
])('%s refers to the turn outside stages: %s, to the turn of a stage: %s', (name, isAlone, isStaged) => {
  expect(isNamed(alone, name)).toBe(isAlone);
  expect(isNamed(staged, name)).toBe(isStaged);
});

test('an id that looks like one of a stage or of a later try refers to neither', () => {
  expect(isNamed({ turn: 'a/draft~2', place: PLACE }, 'a')).toBe(false);
  expect(isNamed({ turn: 'a/draft~2', place: PLACE }, 'a/draft')).toBe(false);
});
