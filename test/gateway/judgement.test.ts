/** From the error thrown by the client to the next step: combinations in which one field must take precedence over another. */
import { APIError } from 'openai';
import type { GatewayFailure } from '../../src/gateway/failures';
import { toGatewayFailure } from '../../src/gateway/failures';
import { nextStep, START } from '../../src/gateway/model-fallback';
import { describeThrownError } from '../../src/gateway/error-description';
import { connectLocal } from '../../src/gateway/adapters/local';

const endpoint = connectLocal({ baseUrl: 'http://127.0.0.1:1/v1' });

function judge(status: number, error: object, headers: Record<string, string> = {}): GatewayFailure {
  return toGatewayFailure(
    describeThrownError(APIError.generate(status, { error }, undefined, new Headers(headers)), endpoint),
  );
}

test.each([
  [403, { code: 'model_not_found' }, 'MODEL_NOT_FOUND', 'next'],
  [403, { metadata: { error_type: 'permission_denied' } }, 'GATEWAY_KEY_REFUSED', 'next-gateway'],
  [403, { message: 'flagged' }, 'CONTENT_REFUSED', 'fail'],
  [429, { code: 'insufficient_quota' }, 'GATEWAY_CREDIT_EXHAUSTED', 'next-gateway'],
  [404, { availability: { code: 'no_capacity', retryable: true, retry_after: 2 } }, 'GATEWAY_UNAVAILABLE', 'retry'],
  [404, { availability: { code: 'model_deprecated', retryable: false } }, 'MODEL_NOT_FOUND', 'next'],
])('%i with %j is %s: %s', (status, error, code, action) => {
  const failure = judge(status, error);
  expect([failure.code, failure.remedy.action]).toEqual([code, action]);
});

test('a wait in the body takes precedence over the reset of the window', () => {
  const headers = { 'x-ratelimit-reset': `${Date.now() + 20_000}` };
  expect(judge(429, { availability: { retry_after: 3 } }, headers).waitMs).toBe(3000);
});

test('a wait that is too long is named in the message', () => {
  expect(judge(429, { message: 'Over' }, { 'retry-after': '7200' }).message).toMatch(/until 20\d\d-/);
});

test('a rejected key is not used again, whatever comes next in the list', () => {
  const other = { ...endpoint, name: 'other' };
  const candidates = [
    { endpoint, model: 'one' },
    { endpoint: other, model: 'one' },
    { endpoint, model: 'two' },
  ];
  const refused = judge(401, { message: 'No' });
  const first = nextStep(candidates, START, refused);
  expect(first).toMatchObject({ do: 'reroute', progress: { position: 1 } });
  expect(nextStep(candidates, first.do === 'reroute' ? first.progress : START, refused)).toEqual({ do: 'fail' });
});
