/** Awkward answers of models and gateways, in every role, to normal messages. */
import type { Chance } from '../support/chance';
import type { Reply } from '../support/scripted-gateway';
import type { Action, Kind } from './action';
import { FAIR_TASK, speakAtOnce, writeFairAnswer } from './fair-answers';
import type { Asked, Prompt } from './prompt';
import { fill, SHAPES } from './shapes';

const SWARMS = [
  'strategic-swarm',
  'coding-swarm',
  'debate-swarm',
  'one-voice',
  'quoting-panel',
  'quoting-pipeline',
  'coordinate',
];

type Write = (chance: Chance) => string;

/** An answer for one role; the other roles answer normally. */
function answering(name: string, swarm: string, asked: Asked, write: Write, isEarly = false): Kind {
  return {
    name: `answer: ${name}`,
    isEarly,
    make: (chance): Action => {
      const text = write(chance);
      return {
        swarm,
        message: FAIR_TASK,
        answer: (prompt: Prompt) => (prompt.asked === asked ? speakAtOnce(`${text}\n${prompt.call}`) : undefined),
      };
    },
  };
}

const hugeHeading = (chance: Chance) =>
  `${chance.pick(['## ', '**', '1) **', '### '])}Implementation steps${fill(chance.pick([' ', '\t', ' :', '*', ' *']), 100_000)}x`;

const ROLES: readonly Kind[] = [
  answering('a plan with a run of spaces', 'strategic-swarm', 'plan', () => `## Steps${fill(' ', 120_000)}x`, true),
  answering('a plan with a heading that does not end', 'strategic-swarm', 'plan', hugeHeading),
  answering('a plan of headings', 'strategic-swarm', 'plan', () => fill('## 1. High-level architecture\n')),
  answering('a plan of bold lines', 'strategic-swarm', 'plan', () => fill('**Risks**: \n**')),
  answering('a plan of words without an end', 'strategic-swarm', 'plan', () => `## 1. Architecture\n${fill('ab ')}`),
  answering('a critique of controls', 'strategic-swarm', 'critique', () => fill('\u0000\u001b[2J\u0007')),
  answering('code with fences inside fences', 'coding-swarm', 'code', () => fill('````python\n```\n~~~\n')),
  answering(
    'code with fences that do not close',
    'coding-swarm',
    'code',
    () => `\`\`\`python${fill(' ', 50_000)}\nx = 1\n${fill('`', 60_000)}`,
  ),
  answering(
    'code in odd languages',
    'coding-swarm',
    'code',
    (chance) =>
      `\`\`\`${chance.pick(['PYTHON{x}', '__proto__', 'constructor', 'js '.repeat(9000), 'c++\u0000'])}\nx = 1\n\`\`\``,
  ),
  answering(
    'code with file names that lead outside',
    'coding-swarm',
    'code',
    () => '```python ../../etc/passwd.py\nx = 1\n```\n```python /tmp/x.py\nx = 2\n```',
  ),
  answering('code of many blocks', 'coding-swarm', 'code', () => fill('```python a/b.py\nx = 1\n```\n', 100_000)),
  answering(
    'code without a fence and with spaces',
    'coding-swarm',
    'code',
    () => `\`\`\`\n${fill(' ', 100_000)}def\n\`\`\``,
  ),
  answering('code without code', 'coding-swarm', 'code', () => 'I would rather not.'),
  answering(
    '100,000 failing tests',
    'one-shot',
    'code',
    () =>
      `\`\`\`python\nimport unittest\ndef double(x): return 0\nclass T(unittest.TestCase): pass\nfor i in range(100000): setattr(T, f'test_{i}', lambda self: self.fail('x' * 200))\n\`\`\``,
  ),
  answering('a review of verdict lines', 'coding-swarm', 'review', () => fill('VERDICT: PASS\nVERDICT: REVISE\n')),
  answering('a review that ends in spaces', 'coding-swarm', 'review', () => `VERDICT${fill(' :*#', 100_000)}PASS`),
  answering(
    'voices with odd position lines',
    'debate-swarm',
    'voice',
    (chance) =>
      `${chance.pick(['POSITION', '**POSITION**', 'Position', '# POSITION'])}${fill(chance.pick([' ', ':', '*', ': for, ', ': no ', ' I am ']), 100_000)}`,
  ),
  answering(
    'voices that repeat one word',
    'debate-swarm',
    'voice',
    () => `POSITION: depends, CONFIDENCE: ${fill('9', 2000)}\n${fill('flock ')}`,
  ),
  answering('voices of different letters', 'debate-swarm', 'voice', (chance) =>
    Array.from({ length: 20_000 }, () => chance.below(1e9).toString(36)).join(' '),
  ),
  answering(
    'a judge who writes deep JSON',
    'debate-swarm',
    'decision as data',
    () => `{"decision":${'['.repeat(50_000)}`,
  ),
  answering('a judge who writes braces', 'debate-swarm', 'decision as data', () => fill('{"rationale": {')),
  answering(
    'a judge who writes JSON of prototypes',
    'debate-swarm',
    'decision as data',
    () => '{"__proto__": {"decision": "accept"}, "constructor": {"prototype": 1}}',
  ),
  answering('a summary of headings', 'debate-swarm', 'summary', () => fill('## Consensus\n## Dissent\n')),
  answering('templates', 'quoting-panel', 'text', () => fill('{{task}} {{answers}} {{first}}', 20_000)),
  answering(
    'templates from stage to stage',
    'quoting-pipeline',
    'text',
    () => `{{previous}}${fill('{{write}} {{', 20_000)}`,
  ),
];

/** Every shape that is awkward as a message is also awkward as an answer. */
const shaped: readonly Kind[] = SHAPES.map(({ name, text }) => ({
  name: `answer of ${name}`,
  make: (chance) => {
    const published = text(chance);
    const role = chance.pick<Asked>([
      'plan',
      'critique',
      'code',
      'review',
      'voice',
      'summary',
      'verdict summary',
      'text',
    ]);
    const inFence = chance.below(2) === 0;
    const answer =
      role === 'code' && inFence ? `\`\`\`${chance.pick(['python', 'js', ''])}\n${published}\n\`\`\`` : published;
    return {
      swarm: chance.pick(SWARMS),
      message: FAIR_TASK,
      answer: ({ asked, call }) => (asked === role ? speakAtOnce(`${answer}\n${call}`) : undefined),
    };
  },
}));

/** Misbehaviour of a gateway on the connection; it recovers at the second call, or the run fails with a clear code. */
const WIRE: [name: string, reply: (chance: Chance) => Reply][] = [
  [
    'an error in odd words',
    (chance) => ({
      status: chance.pick([400, 404, 409, 418, 422, 500, 502, 529]),
      body: { error: { message: fill('\u001b]0;x\u0007<b>', 50_000), code: { deep: [] } as never } },
    }),
  ],
  ['an error page of tags', () => ({ status: 502, body: fill('<', 120_000) })],
  ['an error page of spaces', () => ({ status: 503, body: `<html>${fill(' ', 120_000)}` })],
  ['a body that is no JSON', () => ({ status: 200, body: fill('{"choices":[', 60_000) })],
  [
    'a refusal with an odd wait',
    (chance) => ({
      status: 429,
      headers: { 'retry-after': chance.pick(['-1', 'NaN', '1e999', '', 'soon', '0x10', 'Infinity']) },
    }),
  ],
  ['a cut in the middle', () => ({ tokens: { count: 50 }, fault: { kind: 'cut', at: 20 } })],
  ['a half frame', () => ({ tokens: { count: 50 }, fault: { kind: 'half-frame', at: 20 } })],
  ['a clean end without a reason', () => ({ tokens: { count: 50 }, finish: null })],
  [
    'frames of garbage',
    () => ({
      tokens: { count: 30 },
      raw: [{ after: 5, text: 'data: {"choices":\n\ndata: [[[[\n\n: \u0000\n\nevent: x\ndata: 1\n\n' }],
    }),
  ],
  [
    'a frame of megabytes',
    () => ({ tokens: { count: 30 }, raw: [{ after: 5, text: `data: {"x":"${'y'.repeat(3_000_000)}"}\n\n` }] }),
  ],
  [
    'deltas of wrong types',
    () => ({
      tokens: { count: 30 },
      raw: [
        {
          after: 3,
          text: 'data: {"choices":[{"delta":{"content":{"a":1}}}]}\n\ndata: {"choices":null}\n\ndata: null\n\n',
        },
      ],
    }),
  ],
  [
    'an error beside the text',
    () => ({
      tokens: { count: 30 },
      fault: { kind: 'error', at: 10, error: { code: 502, message: fill('x', 100_000) } },
    }),
  ],
  ['characters cut in two', () => ({ tokens: ['Grüße 🐦', ' für ', '🐦🐦'], splitUtf8: true })],
  ['no tokens at all', () => ({ tokens: [] })],
  ['only spaces', () => ({ tokens: [fill(' ', 50_000), '\n'.repeat(50_000)] })],
  ['an odd usage', () => ({ promptTokens: 9_007_199_254_740_991, completionTokens: 0, costUsd: 0 })],
  ['a finish reason that is none', () => ({ finish: '__proto__' })],
];

const wired: readonly Kind[] = WIRE.map(([name, reply]) => ({
  name: `gateway: ${name}`,
  make: (chance) => {
    const odd = reply(chance);
    const swarm = chance.pick(['one-voice', 'one-voice', 'debate-swarm', 'one-shot']);
    return {
      swarm,
      message: FAIR_TASK,
      answer: (prompt) => (prompt.call < 1 ? odd : speakAtOnce(writeFairAnswer(prompt))),
    };
  },
}));

export const ANSWERS: readonly Kind[] = [...ROLES, ...shaped, ...wired];
