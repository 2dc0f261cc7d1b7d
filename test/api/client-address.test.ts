import type { IncomingMessage } from 'node:http';
import { readClientAddress } from '../../src/api/client-address';

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1::6', '2001:db8:1:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  [undefined, 'unknown'],
])('%s counts as %s', (remoteAddress, counted) => {
  expect(readClientAddress({ socket: { remoteAddress }, headers: {} } as unknown as IncomingMessage, 0)).toBe(counted);
});

test.each([
  [0, '10.0.0.9', 'a header that anyone may send does not count'],
  [1, '203.0.113.7', 'the only proxy wrote the last entry'],
  [2, '198.51.100.1', 'the outer of two proxies wrote the last entry but one'],
  [9, '6.6.6.6', 'more proxies than entries: the first'],
])('behind %d trusted proxies the address is %s: %s', (trusted, counted) => {
  const headers = { 'x-forwarded-for': '6.6.6.6, 198.51.100.1, 203.0.113.7' };
  const request = { socket: { remoteAddress: '10.0.0.9' }, headers } as unknown as IncomingMessage;
  expect(readClientAddress(request, trusted)).toBe(counted);
});
