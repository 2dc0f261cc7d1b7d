/** Connections that fail before and after a request is sent: only a sent request can cost anything. */
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { isUnsent } from '../../src/gateway/connection';
import { endpointAt, readFailure, hear } from '../support/endpoints';

const coded = (code: string, more: object = {}) => Object.assign(new Error('No.'), { code, ...more });

it.each<[string, boolean, unknown]>([
  ['a name that does not resolve', true, coded('ENOTFOUND', { syscall: 'getaddrinfo' })],
  ['a connection that is not answered', true, coded('ETIMEDOUT', { syscall: 'connect' })],
  ['no answer at any of several addresses', true, coded('ETIMEDOUT', { errors: [] })],
  ['no answer within the connect timeout', true, coded('UND_ERR_CONNECT_TIMEOUT')],
  ['a certificate that has expired', true, coded('CERT_HAS_EXPIRED')],
  ['a certificate for another name', true, coded('ERR_TLS_CERT_ALTNAME_INVALID')],
  ['a certificate of an unknown authority', true, coded('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')],
  ['a certificate of an authority of its own', true, coded('SELF_SIGNED_CERT_IN_CHAIN')],
  ['a version of TLS that is too old', true, coded('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')],
  ['a connection that breaks', false, coded('ECONNRESET', { syscall: 'read' })],
  ['a network that goes away', false, coded('EHOSTUNREACH', { syscall: 'read' })],
  ['a certificate of ours that is refused, maybe late', false, coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')],
  ['headers that do not come', false, coded('UND_ERR_HEADERS_TIMEOUT')],
  ['something without a code', false, new Error('No.')],
])('%s: unsent is %p', (_, expected, cause) => {
  expect(isUnsent(cause)).toBe(expected);
});

/** For `other.example`, self-signed, without any real use. */
const CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgu64XGKficXYyRtRt
zOqm1oB+yl4pzsCwHbyF3C+U46WhRANCAAS7e/9Dh14kgJxh5DXCSCWzN/oHUNR6
hS/8mhoGgU0mvxeWZhiSOeyfipBVSIc8kOieGJozGdGY9wnJFFOgJ0mR
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBhDCCASugAwIBAgIUVE0GQmUGIOsKeTeOiQJIBuxy5CEwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTAeFw0yNjExMjgwMjA3MjdaFw0zNjEx
MjUwMjA3MjdaMBgxFjAUBgNVBAMMDW90aGVyLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAS7e/9Dh14kgJxh5DXCSCWzN/oHUNR6hS/8mhoGgU0mvxeW
ZhiSOeyfipBVSIc8kOieGJozGdGY9wnJFFOgJ0mRo1MwUTAdBgNVHQ4EFgQUnvKY
cHffcdgDdq0lXC/bFLk5qLQwHwYDVR0jBBgwFoAUnvKYcHffcdgDdq0lXC/bFLk5
qLQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBCwxFmYBaNWUDg
B8QkhSDN+MSGRwbAvmgjteWBRHWmcQIgYCsTdUsJvByFe/7GIyEryR/VXYeM5ZKR
BzwvHEQUnQI=
-----END CERTIFICATE-----`,
};

describe('a call', () => {
  let server: net.Server | undefined;
  afterEach(() => server?.close());

  /** Calls a gateway behind this server, and returns whether that counts as unused. */
  async function isFree(scheme: string, listening: net.Server): Promise<boolean> {
    server = listening.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    const failure = readFailure(await hear(endpointAt(`${scheme}://127.0.0.1:${port}/v1`)));
    expect(failure.code).toBe('GATEWAY_UNAVAILABLE');
    return failure.isRefusal;
  }
  const hangingUp = () => net.createServer((socket) => socket.once('data', () => socket.destroy()));

  it('to a gateway with a wrong certificate costs nothing', async () => {
    expect(await isFree('https', https.createServer(CERTIFICATE))).toBe(true);
  });

  it('to a gateway without TLS costs nothing', async () => {
    expect(await isFree('https', http.createServer())).toBe(true);
  });

  it('whose connection is closed costs nothing during the handshake, and may cost something later', async () => {
    expect(await isFree('https', hangingUp())).toBe(true);
    server?.close();
    expect(await isFree('http', hangingUp())).toBe(false);
  });
});
