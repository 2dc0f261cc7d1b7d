/** The failure of a turn whose model may not be called now. */
import { toRejection } from '../../src/model-call/rejections';
import type { AdmissionVerdict } from '../../src/redis/limiter';
import { endpointAt } from '../support/endpoints';

const candidate = { endpoint: endpointAt('http://gateway.test/v1'), model: 'one' };
const ill = { waitMs: 700, words: 'It is down.', code: 'GATEWAY_UNAVAILABLE' } as const;

test.each<[AdmissionVerdict['verdict'] & ('open' | 'probing' | 'cooling'), string]>([
  ['open', 'rest'],
  ['probing', 'probe'],
  ['cooling', 'next'],
])('a model that is %s: %s', (verdict, action) => {
  const failure = toRejection(candidate, {}, { verdict, ...ill }, { grant: 'ok', answerTokens: 100 }, () => '');
  expect(failure).toMatchObject({ code: ill.code, waitMs: 700, remedy: { action } });
  expect(failure.message).toMatch(/^It is down\./);
});
