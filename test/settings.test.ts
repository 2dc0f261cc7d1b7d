/** What may be set is written down in `.env.example`, and reaches the containers of `docker-compose.yml`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { VARIABLES } from '../src/config';

const read = (file: string) => readFileSync(path.join(__dirname, '..', file), 'utf8');
const example = read('.env.example');
const [, insideOfContainers = ''] = /so that these mean nothing:\n((?:# .*\n)+)/.exec(example) ?? [];

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
const described = namesIn(example, /^# ([A-Z][A-Z0-9_]+)=/gm);
const compose = read('docker-compose.yml') + read('deploy/temporal-postgres.yml');
const handedThrough = [/^ +([A-Z][A-Z0-9_]+):$/gm, /\$\{([A-Z][A-Z0-9_]+)/g].flatMap((form) => namesIn(compose, form));

test('each variable that is read is described', () => {
  expect(described).toEqual(expect.arrayContaining(VARIABLES));
});

test('each that is described reaches the containers, or is said to mean nothing there', () => {
  const without = namesIn(insideOfContainers, /([A-Z][A-Z0-9_]+)/g);
  expect(described.filter((name) => !handedThrough.includes(name)).sort()).toEqual(without.sort());
});
