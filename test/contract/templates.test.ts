/** Prompts with variables. */
import { fillTemplate, listTemplateVariables } from '../../src/contract/templates';

const answer = { turn: 'draft/answer', length: 3 };

it('inserts the parts of each variable, and keeps references', () => {
  const values = { task: ['Do it.'], draft: ['# Draft\n', answer] };
  expect(fillTemplate('{{task}}\nOn {{ draft }}: and {{task}}!', values)).toEqual([
    ...['Do it.', '\nOn ', '# Draft\n', answer, ': and ', 'Do it.', '!'],
  ]);
});

it('does not expand a value that looks like a variable', () => {
  expect(fillTemplate('{{task}}', { task: ['Explain {{draft}}.'], draft: [answer] })).toEqual(['Explain {{draft}}.']);
});

it('keeps escaped braces and single braces', () => {
  expect(fillTemplate('\\{{task}} {x} {{{ }', { task: ['no'] }).join('')).toBe('{{task}} {x} {{{ }');
  expect(listTemplateVariables('\\{{task}} {x}')).toEqual([]);
});

it('lists each variable once, including unknown ones', () => {
  expect(listTemplateVariables('{{task}} {{ task }} {{a b}} {{}} {{secrets.KEY}}')).toEqual([
    'task',
    'a b',
    '',
    'secrets.KEY',
  ]);
});
