/** Awkward messages to every swarm over every route; the models answer normally. */
import type { Chance } from '../support/chance';
import type { Action, Kind, Route } from './action';
import { speakAtOnce } from './fair-answers';
import type { Prompt } from './prompt';
import { SHAPES } from './shapes';

const ROUTES: readonly Route[] = ['execute', 'stream', 'coordinate', 'multi', 'teams', 'chat', 'mcp', 'socket'];
const SWARMS = [
  'coding-swarm',
  'one-shot',
  'strategic-swarm',
  'debate-swarm',
  'one-voice',
  'quoting-panel',
  'quoting-pipeline',
];

/** Programs that define what the messages refer to, so that their examples are searched for. */
const PROGRAMS = [
  '```python\ndef f(x):\n    return x\n```',
  '```javascript\nfunction f(x) { return x }\n```',
  '```typescript\nexport const f = (x: unknown): unknown => x;\n```',
];

/** Half of the runs write code, because most readers of messages search for examples. */
function planMessage(text: string, chance: Chance, isEarly: boolean): Action {
  const route = isEarly ? 'execute' : chance.pick(ROUTES);
  const isCode = isEarly || chance.below(2) === 0;
  const program = chance.pick(PROGRAMS);
  return {
    route,
    swarm: isCode ? chance.pick(['coding-swarm', 'one-shot']) : chance.pick(SWARMS),
    message: text,
    // the examples of a shape are never satisfied: one repair round is as good as three
    more: route === 'coordinate' ? { max_rounds: 1 } : {},
    answer: ({ asked, call }: Prompt) => (asked === 'code' ? speakAtOnce(`${program}\nAnswer ${call}.`) : undefined),
  };
}

/** These have blocked workers for minutes. */
const KNOWN = ['spaces', 'open brackets', 'quotes', 'sentences without an end'];

const shaped: Kind[] = SHAPES.map(({ name, text }) => {
  const isEarly = KNOWN.includes(name);
  return { name: `message of ${name}`, isEarly, make: (chance) => planMessage(text(chance), chance, isEarly) };
});

const CONTEXTS: [name: string, context: (chance: Chance) => unknown][] = [
  [
    'a huge context',
    () => ({ notes: Array.from({ length: 3000 }, (_, i) => ({ i, text: 'x'.repeat(40), more: [i, [i]] })) }),
  ],
  [
    'prototype keys in its context',
    () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}}'),
  ],
  ['an odd context', (chance) => chance.pick<unknown>([[], [[[]]], 0, false, '', 'x'.repeat(100_000), { '': '' }])],
];

const inContext: Kind[] = CONTEXTS.map(([name, context]) => ({
  name: `message with ${name}`,
  make: (chance) => ({
    route: 'teams',
    swarm: chance.pick(['one-voice', 'coding-swarm']),
    message: 'Read the context.',
    more: { context: context(chance) },
  }),
}));

const long: Kind = {
  name: 'message of several megabytes',
  make: (chance) => ({
    swarm: 'one-voice',
    route: chance.pick(['execute', 'socket'] as const),
    message: chance.pick(SHAPES.slice(0, -1)).text(chance).repeat(20).slice(0, 2_400_000),
  }),
};

export const MESSAGES: readonly Kind[] = [...shaped, ...inContext, long];
