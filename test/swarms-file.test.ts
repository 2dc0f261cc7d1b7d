/** User-defined swarms: what a file may contain, which defaults apply, and that each fault names its line, column and field. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSwarmsFile, SwarmsFileError } from '../src/config/swarms-file';

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'murmuration-swarms-'))));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileWith(text: string): string {
  const file = path.join(folder, `swarms-${++files}`);
  writeFileSync(file, text);
  return file;
}
const read = (text: string) => readSwarmsFile(fileWith(text));

/** Returns why a file is rejected, without the file's name. */
function readRefusal(text: string, file = fileWith(text)): string {
  try {
    readSwarmsFile(file);
  } catch (error) {
    if (error instanceof SwarmsFileError) return error.message.replaceAll(`${file}:`, '');
    throw error;
  }
  throw new Error(`This should have been refused:\n${text}`);
}

const POETS = `
- id: poets
  pattern: single
  roles:
    poet: { alias: fast, system: Rhyme. }
`;

describe('a file', () => {
  it('may be YAML or JSON', () => {
    const role = { label: 'Poet', alias: 'fast', system: 'Rhyme.', temperature: 1, max_tokens: 10 };
    const swarm = { id: 'poets', name: 'Poets', description: 'Rhymes.', pattern: 'single', roles: { poet: role } };
    expect(read(JSON.stringify([swarm]))).toEqual([swarm]);
    expect(read(POETS)).toMatchObject([{ id: 'poets', roles: { poet: { system: 'Rhyme.' } } }]);
  });

  it('needs only the required fields', () => {
    expect(read(POETS)).toEqual([
      {
        id: 'poets',
        name: 'poets',
        description: '',
        pattern: 'single',
        roles: { poet: { label: 'Poet', alias: 'fast', system: 'Rhyme.', temperature: 0.7, max_tokens: 2000 } },
      },
    ]);
  });

  it('may contain every pattern, with models by their ids, checks and stages', () => {
    const swarms = read(`
- id: juniors
  pattern: panel
  panel: { quorum: 1, patience_seconds: 5 }
  roles:
    first: { models: [vendor/a, vendor/b], system: Answer., prompt: 'Briefly: {{task}}' }
    chair: { alias: strategic, system: Conclude., prompt: '{{task}} {{answers}} {{first}}' }
- id: quarrel
  pattern: debate
  debate: { rounds: 3, agree_at: 0.8 }
  roles:
    one: { alias: fast, system: For. }
    other: { alias: coding, system: Against. }
    moderator: { alias: strategic, system: Judge. }
- id: slugs
  pattern: build
  roles: &makers
    coder: { alias: coding, system: Write. }
    reviewer: { alias: coding, system: Review. }
  checks:
    - { code: slug('A B'), expected: "'a-b'" }
- id: old-way
  pattern: coding
  roles: *makers
- id: planners
  pattern: strategic
  roles:
    strategist: { alias: strategic, system: Plan. }
    critic: { alias: strategic, system: Criticise. }
- id: whole
  pattern: pipeline
  stages:
    - { name: think, swarm: juniors }
    - { name: write, swarm: slugs, prompt: '{{task}} {{previous}} {{ think }}' }
    - { name: weigh, swarm: debate-swarm }
`);
    expect(swarms.map(({ pattern }) => pattern)).toEqual([
      ...['panel', 'debate', 'build', 'coding', 'strategic', 'pipeline'],
    ]);
    expect(swarms[0]?.roles.first?.models).toEqual(['vendor/a', 'vendor/b']);
    expect(swarms[2]?.checks).toEqual([{ name: "slug('A B')", code: "slug('A B')", expected: "'a-b'" }]);
    expect(swarms[5]).toMatchObject({ roles: {}, stages: [{}, { prompt: '{{task}} {{previous}} {{ think }}' }, {}] });
  });

  it('may contain double braces that are not variables', () => {
    const [swarm] = read(POETS.replace('system: Rhyme.', "system: 'Write \\{{name}}.', reminder: '\\{{'"));
    expect(swarm?.roles.poet).toMatchObject({ system: 'Write {{name}}.', reminder: '{{' });
  });
});

describe('a fault is reported with its line, column and field', () => {
  const stages = (...lines: string[]) =>
    `${POETS}- id: whole\n  pattern: pipeline\n  stages:\n${lines.map((line) => `    - ${line}\n`).join('')}`;

  it.each<[string, string, string]>([
    ['broken YAML', 'a: [1', '1:6: '],
    ['broken JSON', '[{"id": "x",', '1:13: '],
    ['nothing at all', '', '1:1: file: '],
    ['no list', 'id: poets\n', '1:1: file: '],
    ['a missing field', '- pattern: single\n  roles: {}\n', '1:3: 0.id: '],
    [
      'an unknown pattern',
      POETS.replace('single', 'chorus'),
      "3:3: 0.pattern: Invalid discriminator value. Expected 'build' | ",
    ],
    ['a missing pattern', POETS.replace('  pattern: single\n', ''), '2:3: 0.pattern: '],
    [
      'an unknown alias',
      POETS.replace('fast', 'slow'),
      '5:13: 0.roles.poet.alias: Invalid option: expected one of "strategic"|',
    ],
    [
      'an alias and models',
      POETS.replace('alias: fast', 'alias: fast, models: [m]'),
      '5:5: 0.roles.poet: needs an alias or a list of models, one of both',
    ],
    ['neither alias nor models', POETS.replace('alias: fast, ', ''), '5:5: 0.roles.poet: needs an alias or'],
    ['an empty list of models', POETS.replace('alias: fast', 'models: []'), '5:13: 0.roles.poet.models: '],
    ['an unknown field', `${POETS}  rolls: 1\n`, '6:3: 0.rolls: there is no such field'],
    [
      'an unknown field of a role',
      POETS.replace('fast,', 'fast, sytem: x,'),
      '5:26: 0.roles.poet.sytem: there is no such field',
    ],
    ['a field of another pattern', `${POETS}  debate: { rounds: 1 }\n`, '6:3: 0.debate: there is no such field'],
    [
      'a role without a name',
      POETS.replace('poet:', 'a/b:'),
      '5:5: 0.roles.a/b: may hold letters, digits and _ - only',
    ],
    ['a bad number', POETS.replace('fast,', 'fast, max_tokens: -1,'), '5:26: 0.roles.poet.max_tokens: '],
    ['no roles', '- id: poets\n  pattern: single\n  roles: {}\n', '3:3: 0.roles: the pattern needs at least 1'],
    ['a missing role', POETS.replace('single', 'build'), '4:3: 0.roles: the pattern needs coder and reviewer'],
    [
      'a debate of one',
      POETS.replace('single', 'debate').replace('poet:', 'moderator:'),
      '4:3: 0.roles: the pattern needs at least 3',
    ],
    ['a panel of one', POETS.replace('single', 'panel'), '4:3: 0.roles: the pattern needs at least 2'],
    ['an id that is taken', POETS.replace('poets', 'coding-swarm'), '2:3: 0.id: "coding-swarm" is taken'],
    ['the id of the coordination', POETS.replace('poets', 'coordinate'), '2:3: 0.id: "coordinate" is taken'],
    ['an id that is used twice', POETS + POETS.trim(), '6:3: 1.id: "poets" is used twice'],
    ['a key that is used twice', POETS.replace('  roles', '  id: x\n  roles'), '4:3: Map keys must be unique'],
    [
      'a variable in a system prompt',
      POETS.replace('Rhyme.', "'On {{task}}'"),
      '5:26: 0.roles.poet.system: there is no variable {{task}}; here are none',
    ],
    [
      'a variable that does not exist',
      POETS.replace('Rhyme.', "Rhyme., prompt: 'On {{topic}}'"),
      '5:42: 0.roles.poet.prompt: there is no variable {{topic}}; here are {{task}}',
    ],
    [
      'a pipeline without stages',
      '- { id: p, pattern: pipeline, stages: [] }',
      '1:31: 0.stages: a pipeline needs at least one stage',
    ],
    [
      'an unknown swarm in a pipeline',
      stages('{ name: a, swarm: prose }'),
      '9:18: 1.stages.0.swarm: there is no swarm "prose"; there are poets, whole, strategic-swarm',
    ],
    [
      'a pipeline of itself',
      stages('{ name: a, swarm: poets }', '{ name: b, swarm: whole }'),
      '10:18: 1.stages.1.swarm: leads in a circle: whole -> whole',
    ],
    [
      'a stage of the name of another',
      stages('{ name: a, swarm: poets }', '{ name: a, swarm: poets }'),
      '10:9: 1.stages.1.name: "a" is used twice',
    ],
    [
      'a stage of the name of a variable',
      stages('{ name: task, swarm: poets }'),
      '9:9: 1.stages.0.name: "task" is the name of a variable',
    ],
    [
      'a stage that is called like a round',
      stages('{ name: draft-2, swarm: poets }'),
      '9:9: 1.stages.0.name: "draft-2" ends like the number of a round',
    ],
    [
      "a voice of the name of one of the moderator's turns",
      POETS.replace('single', 'debate').replace('poet:', 'summary: &r').concat('    b: *r\n    moderator: *r\n'),
      '0.roles.summary: "summary" is the name of a turn of the moderator',
    ],
    [
      'a voice that is called like a round of another',
      POETS.replace('single', 'debate').replace('poet:', 'a: &r').concat('    a-2: *r\n    moderator: *r\n'),
      '0.roles.a-2: "a-2" ends like the number of a round',
    ],
    [
      'a reader of the name of a variable',
      POETS.replace('single', 'panel').replace('poet:', 'answers: &r').concat('    chair: *r\n'),
      '0.roles.answers: "answers" is the name of a variable',
    ],
    [
      'a later stage as a variable',
      stages("{ name: a, swarm: poets, prompt: '{{b}}' }", '{ name: b, swarm: poets }'),
      '9:32: 1.stages.0.prompt: there is no variable {{b}}; here are {{task}}',
    ],
    [
      'nothing before the first stage',
      stages("{ name: a, swarm: poets, prompt: '{{previous}}' }"),
      '9:32: 1.stages.0.prompt: there is no variable {{previous}}',
    ],
    [
      'a check whose value is no text',
      POETS.replace('single', 'build')
        .replace('poet:', 'coder: &r')
        .concat('    reviewer: *r\n  checks: [{ code: f(), expected: 2 }]\n'),
      '7:25: 0.checks.0.expected: must be a text: put it in quotes',
    ],
  ])('%s', (_what, text, sentence) => {
    expect(readRefusal(text)).toContain(sentence);
    expect(readRefusal(text)).toMatch(/^\d+:\d+: /);
  });

  it('a cycle of pipelines, each with its path', () => {
    const pipeline = (id: string, swarm: string) =>
      `- { id: ${id}, pattern: pipeline, stages: [{ name: s, swarm: ${swarm} }] }\n`;
    const text = pipeline('a', 'b') + pipeline('b', 'c') + pipeline('c', 'a') + pipeline('d', 'a');
    expect(readRefusal(text).split('\n')).toEqual([
      '1:51: 0.stages.0.swarm: leads in a circle: a -> b -> c -> a',
      '2:51: 1.stages.0.swarm: leads in a circle: b -> c -> a -> b',
      '3:51: 2.stages.0.swarm: leads in a circle: c -> a -> b -> c',
    ]);
  });

  it('pipelines of pipelines that lead to more swarms than a run may have', () => {
    const pipeline = (id: string, swarm: string) =>
      `- { id: ${id}, pattern: pipeline, stages: [{ name: x, swarm: ${swarm} }, { name: y, swarm: ${swarm} }] }\n`;
    const names = ['debate-swarm', 'two', 'four', 'eight', 'sixteen', 'too-many'];
    const text = names
      .slice(1)
      .map((name, i) => pipeline(name, names[i]!))
      .join('');
    expect(readRefusal(text)).toBe('5:38: 4.stages: leads to 32 swarms; 16 are the most for one run');
  });

  it('a panel without a chair cannot be a stage, which has one answer', () => {
    const text = `${POETS.replace('single', 'panel')}    other: { alias: fast, system: Rhyme. }
- { id: whole, pattern: pipeline, stages: [{ name: s, swarm: poets }] }\n`;
    expect(readRefusal(text)).toContain(
      '1.stages.0.swarm: a stage has one answer: the panel "poets" needs a role "chair"',
    );
  });

  it('all faults at once', () => {
    const text = POETS.replace('fast', 'slow') + POETS.replace('Rhyme.', "''");
    expect(
      readRefusal(text)
        .split('\n')
        .map((line) => line.split(' ')[1]),
    ).toEqual(['0.roles.poet.alias:', '1.roles.poet.system:']);
  });

  it('a missing file', () => {
    expect(readRefusal('', '/nonexistent/swarms.yaml')).toContain('ENOENT');
  });
});

describe('what is published', () => {
  const root = path.join(__dirname, '..');

  it.each(['bench/swarms.json', 'eval/swarms.json', 'test/support/swarms.json'])('%s is a file of swarms', (file) => {
    const written = JSON.parse(readFileSync(path.join(root, file), 'utf8')) as unknown;
    expect(readSwarmsFile(path.join(root, file))).toEqual(written);
  });

  it("the documentation's example is a file of swarms", () => {
    const page = readFileSync(path.join(root, 'docs/use/own-swarms.md'), 'utf8');
    const example = /```yaml\n(# yaml-language-server: .*?)```/s.exec(page)?.[1] ?? '';
    expect(read(example).map(({ id, pattern }) => [id, pattern])).toEqual([
      ['readers', 'panel'],
      ['letter', 'single'],
      ['design-review', 'pipeline'],
      ['slugs', 'build'],
    ]);
  });
});
