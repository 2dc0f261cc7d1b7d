/** Token counts and cost as reported by gateways: two plausible numbers, or nothing. */
import { isThinking, UsageReader } from '../../src/gateway/usage';
import { endpointAt, hear } from '../support/endpoints';
import { createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;

beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

/** Receives an answer of three tokens whose stream has these JSON chunks before its end. */
async function hearWith(...chunks: string[]) {
  const raw = chunks.map((chunk) => ({ after: 3, text: `data: ${chunk}\n\n` }));
  gateway.script('m', { usage: 'none', raw });
  const { result } = await hear(endpointAt(gateway.url));
  if (!result) throw new Error('The answer is whole.');
  return { usage: result.usage, costUsd: result.costUsd };
}

const reporting = (usage: string) => `{"choices":[],"usage":${usage}}`;

describe('invalid usage', () => {
  it.each([
    ['no count of the answer', '{"prompt_tokens":10,"total_tokens":10}'],
    ['no count of the prompt', '{"completion_tokens":10,"total_tokens":10}'],
    ['details only', '{"prompt_tokens_details":{"cached_tokens":4}}'],
    ['nulls', '{"prompt_tokens":null,"completion_tokens":null}'],
    ['one null', '{"prompt_tokens":10,"completion_tokens":null}'],
    ['texts', '{"prompt_tokens":"20","completion_tokens":"10"}'],
    ['one text', '{"prompt_tokens":20,"completion_tokens":"10"}'],
    ['a negative count', '{"prompt_tokens":10,"completion_tokens":-10}'],
    ['a negative prompt', '{"prompt_tokens":-1,"completion_tokens":10}'],
    ['a number beyond all doubles', '{"prompt_tokens":1e999,"completion_tokens":10}'],
    ['a fraction', '{"prompt_tokens":10,"completion_tokens":2.5}'],
    ['a count that no context holds', '{"prompt_tokens":10,"completion_tokens":1e15}'],
    ['a prompt that no context holds', '{"prompt_tokens":2147483647,"completion_tokens":3}'],
    ['nothing for an answer with text', '{"prompt_tokens":10,"completion_tokens":0}'],
    ['nothing for the prompt', '{"prompt_tokens":0,"completion_tokens":3}'],
    ['booleans', '{"prompt_tokens":true,"completion_tokens":true}'],
    ['lists', '{"prompt_tokens":[10],"completion_tokens":[3]}'],
    ['objects', '{"prompt_tokens":{"value":10},"completion_tokens":{"value":3}}'],
    ['an empty object', '{}'],
    ['a text', '"10"'],
    ['a list', '[10,3]'],
    ['a number', '13'],
    ['false', 'false'],
  ])('%s', async (_, usage) => {
    expect(await hearWith(reporting(usage))).toMatchObject({ usage: undefined });
  });
});

describe('usage', () => {
  it('consists of two counts', async () => {
    const { usage } = await hearWith(reporting('{"prompt_tokens":10,"completion_tokens":3,"total_tokens":"13"}'));
    expect(usage).toEqual({ prompt_tokens: 10, completion_tokens: 3 });
  });

  it('may arrive in parts, of which the last value of each field counts', async () => {
    const { usage } = await hearWith(
      reporting('{"prompt_tokens":10,"completion_tokens":1}'),
      reporting('{"completion_tokens":3}'),
      reporting('{}'),
      reporting('null'),
    );
    expect(usage).toEqual({ prompt_tokens: 10, completion_tokens: 3 });
  });

  it('is not taken from an earlier chunk if the last one is invalid', async () => {
    const { usage } = await hearWith(
      reporting('{"prompt_tokens":10,"completion_tokens":1}'),
      reporting('{"prompt_tokens":10,"completion_tokens":"many"}'),
    );
    expect(usage).toBeUndefined();
  });

  it('may be in the choice', async () => {
    const { usage } = await hearWith(
      '{"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":7,"completion_tokens":3}}]}',
    );
    expect(usage).toEqual({ prompt_tokens: 7, completion_tokens: 3 });
  });

  it.each([
    ['null', 'null'],
    ['a text', '"4"'],
    ['more than the prompt', '11'],
    ['a negative number', '-4'],
    ['a fraction', '0.5'],
  ])('ignores a count of cached tokens that is %s', async (_, cached) => {
    const { usage } = await hearWith(
      reporting(`{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":${cached}}}`),
    );
    expect(usage).toEqual({ prompt_tokens: 10, completion_tokens: 3 });
  });

  it.each(['null', '"x"', '[]'])('ignores details that are %s', async (details) => {
    const { usage } = await hearWith(
      reporting(`{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":${details}}`),
    );
    expect(usage).toEqual({ prompt_tokens: 10, completion_tokens: 3 });
  });
});

describe('cost', () => {
  const costing = async (cost: string) =>
    (await hearWith(reporting(`{"prompt_tokens":10,"completion_tokens":3,"cost":${cost}}`))).costUsd;

  it.each([
    ['0', 0],
    ['0.0012', 0.0012],
    ['null', null],
    ['"0.0012"', null],
    ['-0.5', null],
    ['1e999', null],
    ['1e12', null],
    ['[0.1]', null],
  ])('%s is read as %p', async (reported, read) => {
    expect(await costing(reported)).toBe(read);
  });

  it('is known even if the counts are not', async () => {
    expect(await hearWith(reporting('{"prompt_tokens":10,"cost":0.25}'))).toEqual({ usage: undefined, costUsd: 0.25 });
  });
});

test('an answer without text may have 0 tokens', () => {
  const reader = new UsageReader();
  reader.take({ usage: { prompt_tokens: 10, completion_tokens: 0 } });
  expect(reader.read(false).usage).toEqual({ prompt_tokens: 10, completion_tokens: 0 });
});

describe('thinking', () => {
  it.each<[object | null | undefined, boolean]>([
    [{ reasoning: 'Hm.' }, true],
    [{ reasoning_content: 'Hm.' }, true],
    [{ reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] }, true],
    [{ reasoning_details: [{ type: 'reasoning.encrypted', data: 'aGk=' }] }, true],
    [{ reasoning: null }, false],
    [{ reasoning_content: null }, false],
    [{ reasoning_content: '' }, false],
    [{ reasoning: '', reasoning_details: [] }, false],
    [{ reasoning_details: [{ type: 'reasoning.text', format: 'unknown', index: 0, text: '' }] }, false],
    [{ reasoning_details: null }, false],
    [{ reasoning_content: false }, false],
    [{ reasoning_content: {} }, false],
    [{ role: 'assistant', content: null }, false],
    [{}, false],
    [null, false],
    [undefined, false],
  ])('%j: %p', (delta, expected) => {
    expect(isThinking(delta)).toBe(expected);
  });
});
