/** All settings are documented in `.env.example`, and reach the containers of `docker-compose.yml`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { VARIABLES } from '../src/config/config';
import { SEARCH_ATTRIBUTES } from '../src/contract/names';

const read = (file: string) => readFileSync(path.join(__dirname, '..', file), 'utf8');
const example = read('.env.example');
const [, insideOfContainers = ''] = /so that these mean nothing:\n((?:# .*\n)+)/.exec(example) ?? [];

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);
const described = namesIn(example, /^# ([A-Z][A-Z0-9_]+)=/gm);
const compose = read('docker-compose.yml') + read('deploy/temporal-postgres.yml');
const handedThrough = [/^ +([A-Z][A-Z0-9_]+):$/gm, /\$\{([A-Z][A-Z0-9_]+)/g].flatMap((form) => namesIn(compose, form));

test('each variable that is read is documented', () => {
  expect(described).toEqual(expect.arrayContaining(VARIABLES));
});

test('each documented one reaches the containers, or is marked as irrelevant there', () => {
  const without = namesIn(insideOfContainers, /([A-Z][A-Z0-9_]+)/g);
  expect(described.filter((name) => !handedThrough.includes(name)).sort()).toEqual(without.sort());
});

test.each([
  ['src/dev-stack/temporal-server.ts', /'(\w+)=Keyword'/g],
  ['docker-compose.yml', /--search-attribute=(\w+)=/g],
  ['deploy/temporal-postgres.yml', /--name (\w+) --type/g],
])('%s registers the search attributes that runs use, and no others', (file, form) => {
  expect(namesIn(read(file), form).sort()).toEqual(Object.values(SEARCH_ATTRIBUTES).sort());
});

describe('docker-compose.yml', () => {
  interface Service {
    environment?: Record<string, string | null>;
    ports?: string[];
    image?: string;
    build?: unknown;
    mem_limit?: string;
    pids_limit?: number;
    networks?: string[];
    command?: string[];
    volumes?: (string | { type: string; bind?: { create_host_path?: boolean } })[];
  }
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };

  test('links to the Web UI at its published port', () => {
    const [, published = 'none'] = /^127\.0\.0\.1:(.*):8233$/.exec(services.temporal?.ports?.[0] ?? '') ?? [];
    expect(services.api?.environment?.TEMPORAL_UI_URL).toBe(`\${TEMPORAL_UI_URL:-http://localhost:${published}}`);
  });

  const imagesOfOthers = () => Object.values(services).filter(({ build }) => !build);

  test('pins third-party images by digest', () => {
    expect(imagesOfOthers().length).toBeGreaterThan(1);
    for (const { image } of imagesOfOthers()) expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  test('limits the memory and the processes of each container', () => {
    for (const { mem_limit, pids_limit } of Object.values(services)) {
      expect(mem_limit).toMatch(/^\$\{[A-Z_]+:-\d+g\}$/);
      expect(pids_limit).toBeGreaterThan(0);
    }
  });

  test('has a Redis that requires a password, and is reachable only from the inside network', () => {
    expect(services.redis?.command?.join(' ')).toContain('--requirepass ${REDIS_PASSWORD}');
    expect(services.redis?.networks).toEqual(['inside']);
    for (const name of ['api', 'worker'])
      expect(services[name]?.environment?.REDIS_URL).toMatch(/^redis:\/\/:\$\{REDIS_PASSWORD:\?/);
  });

  test('makes Temporal reachable only from its own network and the inside one', () => {
    const neighbours = Object.entries(services).filter(([, { networks = [] }]) => networks.includes('temporal-ui'));
    expect(neighbours.map(([name]) => name)).toEqual(['temporal']);
    expect(services.temporal?.networks).toEqual(['temporal-ui', 'inside']);
    expect(services.temporal?.ports).toHaveLength(1);
  });

  test('accepts proxies in either spelling, and leaves those in lower case that the Docker client sets', () => {
    const { environment = {} } = services.worker ?? {};
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
      expect(environment[name]).toBe(`\${${name.toLowerCase()}:-\${${name}-}}`);
      expect(environment).not.toHaveProperty(name.toLowerCase());
    }
  });

  test('creates no folder for a mistyped path', () => {
    const binds = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes)
      .flatMap((volume) => (typeof volume === 'string' ? [] : [volume]));
    expect(binds.length).toBeGreaterThan(0);
    for (const { bind } of binds) expect(bind?.create_host_path).toBe(false);
  });
});

test('the image is built from one that is pinned by digest', () => {
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, base]) => base!);
  const outside = bases.filter((base) => base.includes(':'));
  expect(outside.length).toBeGreaterThan(0);
  for (const base of outside) expect(base).toMatch(/@sha256:[0-9a-f]{64}$/);
});
