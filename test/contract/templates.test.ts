/** Prompts with variables. */
import { fillTemplate, variablesOf } from '../../src/contract/templates';

const answer = { turn: 'draft/answer', length: 3 };

it('puts the parts of each variable in its place, and keeps references as they are', () => {
  const values = { task: ['Do it.'], draft: ['# Draft\n', answer] };
  expect(fillTemplate('{{task}}\nOn {{ draft }}: and {{task}}!', values)).toEqual([
    ...['Do it.', '\nOn ', '# Draft\n', answer, ': and ', 'Do it.', '!'],
  ]);
});

it('leaves a value that looks like a variable alone', () => {
  expect(fillTemplate('{{task}}', { task: ['Explain {{draft}}.'], draft: [answer] })).toEqual(['Explain {{draft}}.']);
});

it('takes braces after a backslash, and single ones, as they are', () => {
  expect(fillTemplate('\\{{task}} {x} {{{ }', { task: ['no'] }).join('')).toBe('{{task}} {x} {{{ }');
  expect(variablesOf('\\{{task}} {x}')).toEqual([]);
});

it('names each variable once, also those that no one could know', () => {
  expect(variablesOf('{{task}} {{ task }} {{a b}} {{}} {{secrets.KEY}}')).toEqual(['task', 'a b', '', 'secrets.KEY']);
});
