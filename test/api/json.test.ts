import { DEPTH_LIMIT, parseJson } from '../../src/api/json';
import { expectFast } from '../support/reading-time';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const parse = (text: string) => parseJson(text, 'body');

test('limits nesting; brackets in strings do not count', () => {
  expect(parse(nested(DEPTH_LIMIT))).toEqual(JSON.parse(nested(DEPTH_LIMIT)));
  expect(() => parse(nested(DEPTH_LIMIT + 1))).toThrow('The body is nested deeper than 100 levels.');
  expect(() => parse('{"a":'.repeat(200) + '1' + '}'.repeat(200))).toThrow('deeper');
  expect(() => parse('['.repeat(10_000_000))).toThrow('deeper');
  for (const text of [nested(500), '\\"[[', '\\\\', '"'.repeat(7), '\\\\\\"['.repeat(300)])
    expect(parse(JSON.stringify({ [text]: text }))).toEqual({ [text]: text });
  expect(parse(JSON.stringify(Array(1000).fill([[1], [2]])))).toHaveLength(1000);
});

test.each(['"', '"\\', '{"a', '[1', '{]', 'nul', '[1}', '\u0000', '{"a":1}}'])('%j is not JSON', (text) => {
  expect(() => parse(text)).toThrow('The body is not JSON.');
});

test('drops a field called __proto__ in any spelling, without other effects', () => {
  for (const name of ['__proto__', '\\u005f_proto__', '__pr\\u006Fto__', '__p\\u0072oto_\\u005F']) {
    const parsed = parse(`{"a":{"${name}":{"isAdmin":true},"b":1}}`) as { a: object };
    expect(parsed).toEqual({ a: { b: 1 } });
    expect(Object.getPrototypeOf(parsed.a)).toBe(Object.prototype);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  }
  expect(parse('{"constructor":{"prototype":{}}}')).toEqual({ constructor: { prototype: {} } });
  expect(parse('["__proto__"]')).toEqual(['__proto__']);
});

test.each([
  ['brackets', '[1],'.repeat(5_000_000), 'The body holds more than 200000 values.'],
  ['numbers', '1,'.repeat(10_000_000), 'The body holds more than 200000 values.'],
  ['escaped quotes', '"\\""'.repeat(5_000_000), 'The body is not JSON.'],
  ['one string of escaped quotes', `"${'\\"'.repeat(10_000_000)}`, 'The body is not JSON.'],
  ['backslashes', `"${'\\'.repeat(20_000_000)}`, 'The body is not JSON.'],
])('20 MB of %s do not block the process', async (what, text, message) => {
  await expectFast(what, () => expect(() => parse(`[${text}`)).toThrow(message), 2000);
});

test('reads a body with many values, up to the limit', () => {
  expect(parse(JSON.stringify({ rows: Array(90_000).fill([1]) }))).toBeDefined();
});
