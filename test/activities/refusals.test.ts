/** What a turn is told when its model may not be called now. */
import { toFailure } from '../../src/activities/refusals';
import type { Verdict } from '../../src/redis/limiter';
import { endpointAt } from '../support/endpoints';

const candidate = { endpoint: endpointAt('http://gateway.test/v1'), model: 'one' };
const ill = { waitMs: 700, words: 'It is down.', code: 'GATEWAY_UNAVAILABLE' } as const;

test.each<[Verdict['verdict'] & ('open' | 'probing' | 'cooling'), string]>([
  ['open', 'rest'],
  ['probing', 'probe'],
  ['cooling', 'next'],
])('a model that is %s: %s', (verdict, action) => {
  const failure = toFailure(candidate, {}, { verdict, ...ill }, { grant: 'ok', answerTokens: 100 });
  expect(failure).toMatchObject({ code: ill.code, waitMs: 700, remedy: { action } });
  expect(failure.message).toMatch(/^It is down\./);
});
