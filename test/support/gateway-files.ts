/** The parts of files that describe each gateway's settings, generated from the registry of adapters. */
import type { z } from 'zod';
import { ADAPTERS } from '../../src/gateway/adapters';
import { fillBetween, type GeneratedFile } from './partly-generated';

interface Setting {
  name: string;
  /** The default if it is not set. */
  fallback: string | undefined;
  example: string;
}

interface Gateway {
  name: string;
  label: string;
  description: string;
  selectedBy: string | null;
  settings: Setting[];
}

const gateways: Gateway[] = ADAPTERS.map(({ name, label, description, selectedBy, variables }) => ({
  ...{ name, label, description, selectedBy },
  settings: Object.entries<z.ZodType>(variables).map(([variable, schema]) => describeSetting(variable, schema)),
}));

function describeSetting(name: string, schema: z.ZodType): Setting {
  const fallback = schema.safeParse(undefined).data;
  const example = schema.meta()?.example;
  return {
    name,
    fallback: typeof fallback === 'string' ? fallback : undefined,
    example: typeof example === 'string' ? example : 'value',
  };
}

const BEGIN = 'gateways: written by `npm run generated-files` from src/gateway/adapters';
const END = 'end of gateways';

/** Files of which the part between the two markers is generated. */
export const GATEWAY_FILES: GeneratedFile[] = [
  { path: '.env.example', render: (text) => fill(text, (mark) => `# (${mark})`, renderExample()) },
  { path: 'docker-compose.yml', render: (text) => fill(text, (mark) => `      # ${mark}`, renderCompose(text)) },
  { path: 'docs/operate/gateways.md', render: (text) => fill(text, (mark) => `<!-- ${mark} -->`, renderTable()) },
];

function fill(text: string, toMark: (text: string) => string, content: string): string {
  return fillBetween(text, toMark(BEGIN), toMark(END), content);
}

function renderExample(): string {
  const blocks = gateways.map(({ description, settings }) =>
    [
      `# ${description}`,
      ...settings.map(({ name, fallback, example }) => `# ${name}=${fallback ?? `<${example}>`}`),
    ].join('\n'),
  );
  const names = gateways.map(({ name }) => name).join(', ');
  const several = `# Several at once, in order of preference, for failover between them: ${names}.\n# GATEWAYS=<portkey,openrouter>`;
  return `\n${[...blocks, several].join('\n\n')}\n\n`;
}

/** Omits variables to which the file itself gives a value. */
function renderCompose(text: string): string {
  const names = gateways.flatMap(({ settings }) => settings.map(({ name }) => name));
  return names
    .filter((name) => !text.includes(`      ${name}: `))
    .map((name) => `      ${name}:\n`)
    .join('');
}

function renderTable(): string {
  const rows = gateways.map(({ name, label, selectedBy, settings }) => {
    const variables = settings.map((one) => `\`${one.name}\`${one.fallback ? ` (${one.fallback})` : ''}`).join(', ');
    return `| \`${name}\` | ${label} | ${selectedBy ? `\`${selectedBy}\` is set` : 'no other is'} | ${variables} |`;
  });
  return `\n${['| `GATEWAYS` | gateway | chosen where | settings (defaults) |', '|---|---|---|---|', ...rows].join('\n')}\n\n`;
}
