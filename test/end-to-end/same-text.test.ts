/**
 * Callers of `/v1` and `/teams/run` get the same answer with and without streaming: the text of a stream ends with the text of the
 * non-streaming reply. Each run is started as a stream and requested again without streaming, under its idempotency key. The swarms are
 * those that the API lists, so that none is omitted.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PATTERN_NAMES } from '../../src/workflows/registry';
import { SWARMS } from '../../src/contract/swarms';
import { COORDINATION, STRATEGIES } from '../../src/contract/compositions';
import { readSwarmsFile } from '../../src/config/swarms-file';
import { collectSse, get, post, type AnyFrame, type JsonReply } from '../support/readers';
import { createStack, type Stack } from '../support/stack';

/** No other test file has a swarm with this pattern. */
const CODING = `
- id: plain-coding
  pattern: coding
  roles:
    coder: { alias: coding, system: You write code. }
    reviewer: { alias: coding, system: You review it. }
`;
const OWN = path.join(__dirname, '..', 'support', 'own-swarms.yaml');
const FOLDER = mkdtempSync(path.join(tmpdir(), 'murmuration-swarms-'));
const FILE = path.join(FOLDER, 'swarms.yaml');
writeFileSync(FILE, readFileSync(OWN, 'utf8') + CODING);
const KNOWN = [...SWARMS, ...readSwarmsFile(FILE), COORDINATION];

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ SWARMS_FILE: FILE });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  rmSync(FOLDER, { recursive: true });
});

const FAILING = '```python\ndef f(x):\n    return x\n\nassert f(1) == 2\n```';
const PASSING = '```python\ndef f(x):\n    return x + 1\n\nassert f(1) == 2\n```\n\nVERDICT: PASS';

/** The answer of every model. */
const SCENES = {
  'that ends well': { tokens: [PASSING] },
  'whose program never passes': { tokens: [FAILING] },
  'that answers without a program': { tokens: ['Hello ', 'there.'] },
  'whose answers are cut off at their limit': { tokens: ['One half of '], finish: 'length' },
  'whose models are gone': { status: 404, body: { error: { code: 404, message: 'No such model' } } },
} as const;

/** One run of an API: the text of its stream, and the reply without streaming. */
interface Taken {
  streamed: string;
  reply: JsonReply;
  frames: AnyFrame[];
}

async function take(url: string, order: object, readText: (frame: AnyFrame) => string): Promise<Taken> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  const body = JSON.stringify({ ...order, stream: true });
  const frames = await collectSse(url, { method: 'POST', headers, body });
  const reply = await post(url, { ...order, stream: false }, headers);
  return { streamed: frames.map(readText).join(''), reply, frames };
}

const chunkText = ({ choices }: AnyFrame) =>
  (choices as { delta: { content?: string } }[] | undefined)?.[0]?.delta.content ?? '';
const askModel = (model: string, content: string) =>
  take(`${stack.url}/v1/chat/completions`, { model, messages: [{ role: 'user', content }] }, chunkText);
const askTeam = (team_id: string, message: string) =>
  take(`${stack.url}/teams/run`, { team_id, message }, ({ content }) => content ?? '');

test('all swarms and patterns of the API are covered', async () => {
  const listed = (await get(`${stack.url}/swarms`)).body as { id: string }[];
  expect(listed.map(({ id }) => id).sort()).toEqual(KNOWN.map(({ id }) => id).sort());
  const alone = PATTERN_NAMES.filter((one) => !STRATEGIES.some((strategy) => strategy === one));
  expect([...new Set(KNOWN.map(({ pattern }) => pattern))].sort()).toEqual([...alone].sort());
});

describe.each(Object.entries(SCENES))('a run %s', (_scene, reply) => {
  beforeAll(() => {
    stack.gateway.reset();
    stack.gateway.scriptWhen(() => true, reply as never);
  });

  test.each(KNOWN.map(({ id }) => id))(
    'has the same text with and without streaming: %s',
    async (swarm) => {
      const message = `Write f. ${randomUUID()}`;
      const [model, team] = await Promise.all([askModel(swarm, message), askTeam(swarm, message)]);
      if ('status' in reply) expectFailure(model, team);
      else expectAnswer(model, team);
    },
    240_000,
  );
});

function expectAnswer(model: Taken, team: Taken): void {
  expect([model.reply.status, team.reply.status]).toEqual([200, 200]);
  const { message, finish_reason } = model.reply.body.choices[0];
  expect(message.content).not.toBe('');
  expectEnd(model.streamed, message.content);
  const ends = model.frames.flatMap(({ choices }) => (choices as { finish_reason: string | null }[])[0] ?? []);
  expect(ends.map((one) => one.finish_reason).filter(Boolean)).toEqual([finish_reason]);
  expect(team.reply.body.message).toBe(team.reply.body.responses.join('\n\n'));
  expectEnd(team.streamed, team.reply.body.message);
  expect(team.frames.at(-1)).toMatchObject({
    phase: 'complete',
    done: true,
    final: { message: team.reply.body.message },
  });
}

function expectFailure(model: Taken, team: Taken): void {
  expect(model.reply.status).toBeGreaterThanOrEqual(400);
  const { error } = model.reply.body;
  expect(model.frames.at(-1)).toMatchObject({ error });
  expectEnd(model.streamed, `[Failed: ${error.message}]`);
  const { body, status } = team.reply;
  const notice = `[Failed: ${body.detail}]`;
  expect(status).toBe(model.reply.status);
  expect(body).toMatchObject({ success: false, message: notice, content: notice, status: 'failed' });
  expect(body.responses.at(-1)).toBe(notice);
  expectEnd(team.streamed, notice);
  expect(team.frames.at(-1)).toMatchObject({ phase: 'error', error: body.detail, content: '', done: true });
}

/** Fails with the actual text. */
function expectEnd(text: string, end: string): void {
  expect(text.slice(-end.length)).toBe(end);
}
