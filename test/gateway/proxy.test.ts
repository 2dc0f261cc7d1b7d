/** Which addresses use the proxy. */
import { chooseProxy, isLoopback } from '../../src/gateway/proxy';

const PROXIES = { HTTP_PROXY: 'http://plain.test:3128', HTTPS_PROXY: 'http://secure.test:3128' };
const chosen = (address: string, NO_PROXY?: string) => chooseProxy(address, { ...PROXIES, NO_PROXY })?.address;

it('depends on the scheme of the address', () => {
  expect(chosen('http://a.test/v1')).toBe('http://plain.test:3128');
  expect(chosen('https://a.test/v1')).toBe('http://secure.test:3128');
  expect(chooseProxy('https://a.test/v1', { HTTP_PROXY: 'http://plain.test' })).toBeUndefined();
});

it.each<[string, object]>([
  ['proxy.test:3128', { address: 'http://proxy.test:3128' }],
  ['https://proxy.test', { address: 'https://proxy.test' }],
  ['http://[::1]:3128/', { address: 'http://[::1]:3128' }],
  ['http://u:p@proxy.test', { address: 'http://proxy.test', authorization: 'Basic dTpw' }],
  ['http://u@proxy.test', { address: 'http://proxy.test', authorization: 'Basic dTo=' }],
])('%s is a proxy', (HTTP_PROXY, proxy) => {
  expect(chooseProxy('http://a.test', { HTTP_PROXY })).toEqual(proxy);
});

it.each<[string, string, boolean]>([
  ['*', 'https://a.test', true],
  ['a.test', 'https://a.test', true],
  ['A.Test.', 'https://a.test', true],
  ['a.test', 'https://sub.a.test', true],
  ['.a.test', 'https://sub.a.test', true],
  ['.a.test', 'https://a.test', true],
  ['*.a.test', 'https://sub.a.test', true],
  ['a.test', 'https://nota.test', false],
  ['a.test', 'https://a.test.other', false],
  ['b.test,a.test', 'https://a.test', true],
  ['b.test  a.test', 'https://a.test', true],
  ['a.test:443', 'https://a.test', true],
  ['a.test:8443', 'https://a.test', false],
  ['a.test:8443', 'https://a.test:8443', true],
  ['10.1.2.3', 'http://10.1.2.3', true],
  ['10.1.2.3:80', 'http://10.1.2.3', true],
  ['10.0.0.0/8', 'http://10.1.2.3', true],
  ['10.0.0.0/8', 'http://11.1.2.3', false],
  ['0.0.0.0/0', 'http://11.1.2.3', true],
  ['10.0.0.0/', 'http://10.0.0.0', false],
  ['10.0.0.0/33', 'http://10.0.0.0', false],
  ['10', 'http://10.1.2.3', false],
  ['2.3', 'http://10.1.2.3', false],
  ['::1', 'http://[::1]:8000', true],
  ['[::1]', 'http://[::1]:8000', true],
  ['[::1]:8000', 'http://[::1]:8000', true],
  ['[::1]:80', 'http://[::1]:8000', false],
  ['0:0:0:0:0:0:0:1', 'http://[::1]', true],
  ['fd00::/8', 'http://[fd12::1]', true],
  ['', 'https://a.test', false],
  [' , ', 'https://a.test', false],
  ['.', 'https://a.test', false],
  ['localhost', 'http://localhost:1', true],
])('NO_PROXY %p exempts %s: %p', (list, address, expected) => {
  expect(chosen(address, list) === undefined).toBe(expected);
});

it.each([
  ['localhost', true],
  ['LOCALHOST.', true],
  ['a.localhost', true],
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['[::1]', true],
  ['10.0.0.1', false],
  ['localhost.test', false],
  ['0.0.0.0', false],
])('%s is a loopback address: %p', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
