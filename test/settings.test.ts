/** What may be set is written down in `.env.example`, and reaches the containers of `docker-compose.yml`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
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

describe('docker-compose.yml', () => {
  interface Service {
    environment?: Record<string, string | null>;
    ports?: string[];
    volumes?: (string | { type: string; bind?: { create_host_path?: boolean } })[];
  }
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };

  test('links to the Web UI at the port where it is published', () => {
    const [, published = 'none'] = /^127\.0\.0\.1:(.*):8233$/.exec(services.temporal?.ports?.[0] ?? '') ?? [];
    expect(services.api?.environment?.TEMPORAL_UI_URL).toBe(`\${TEMPORAL_UI_URL:-http://localhost:${published}}`);
  });

  test('makes no folder of a mistyped path', () => {
    const binds = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes)
      .flatMap((volume) => (typeof volume === 'string' ? [] : [volume]));
    expect(binds.length).toBeGreaterThan(0);
    for (const { bind } of binds) expect(bind?.create_host_path).toBe(false);
  });
});
