/** Structured answers: a gateway that supports a schema receives it, and one that rejects it is called without. */
import { ASKED, type AskedName } from '../../src/contract/structures';
import { STRUCTURE_SCHEMAS } from '../../src/contract/structure-schemas';
import { createChat } from '../../src/gateway/chat';
import { endpointAt, readFailure, hear, QUESTION, SCOPE } from '../support/endpoints';
import { CASE_TEXT, cases, createScriptedGateway, type ScriptedGateway } from '../support/scripted-gateway';

let gateway: ScriptedGateway;
beforeAll(async () => {
  gateway = await createScriptedGateway();
});
afterEach(() => gateway.reset());
afterAll(() => gateway.stop());

const [good] = cases.normalStream as [(typeof cases.normalStream)[0]];
const format = STRUCTURE_SCHEMAS.critic;
const refusal = (status: number) => ({ status, body: { error: { message: 'response_format is not supported' } } });
const formats = () => gateway.calls('m').map(({ body }) => (body as { response_format?: object }).response_format);
const asked = { type: 'json_schema', json_schema: { ...format, strict: true } };

test('the schema is sent for structured answers only', async () => {
  gateway.always('m', good);
  await hear(endpointAt(gateway.url), { format });
  await hear(endpointAt(gateway.url));
  expect(formats()).toEqual([asked, undefined]);
});

test.each([400, 404, 415, 422, 501])(
  'a gateway that rejects the schema with %d is called without it, which is remembered',
  async (status) => {
    gateway.script('m', [refusal(status), good, good]);
    const chat = createChat();
    const texts: string[] = [];
    for (let call = 0; call < 2; call++) {
      let text = '';
      const { signal } = new AbortController();
      const onText = (piece: string) => void (text += piece);
      const endpoint = endpointAt(gateway.url);
      await chat({
        endpoint,
        model: 'm',
        messages: QUESTION,
        temperature: 0,
        maxTokens: 9,
        scope: SCOPE,
        signal,
        onText,
        format,
      });
      texts.push(text);
    }
    expect(texts).toEqual([CASE_TEXT, CASE_TEXT]);
    expect(formats()).toEqual([asked, undefined, undefined]);
  },
);

test('a gateway that rejects the schema with status 200 is called without it', async () => {
  gateway.script('m', [
    { status: 200, body: { error: { code: 422, message: 'response_format: unknown field' } } },
    good,
  ]);
  expect((await hear(endpointAt(gateway.url), { format })).text).toBe(CASE_TEXT);
});

test.each([401, 429, 500])('another failure (%d) is reported as it is, after one call', async (status) => {
  gateway.script('m', [refusal(status)]);
  expect(readFailure(await hear(endpointAt(gateway.url), { format })).message).toContain('response_format');
  expect(gateway.calls('m')).toHaveLength(1);
});

test('a request that is rejected with and without the schema fails as without', async () => {
  gateway.script('m', [refusal(400), { status: 400, body: { error: { message: 'too long' } } }]);
  expect(readFailure(await hear(endpointAt(gateway.url), { format })).message).toContain('too long');
});

/** Returns a minimal value that a schema allows. */
function example(schema: Record<string, unknown>): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.type === 'array') return [example(schema.items as Record<string, unknown>)];
  if (schema.type === 'number') return 1;
  if (schema.type === 'string') return 'A sentence.';
  const properties = Object.entries(schema.properties as Record<string, Record<string, unknown>>);
  return Object.fromEntries(properties.map(([name, one]) => [name, example(one)]));
}

test.each(Object.keys(ASKED) as AskedName[])('the schema of %s allows exactly what is parsed', (name) => {
  const value = example(STRUCTURE_SCHEMAS[name].schema);
  expect(ASKED[name].parse(value)).toEqual(value);
  expect(Object.keys(ASKED[name].shape).sort()).toEqual(Object.keys(value as object).sort());
});
