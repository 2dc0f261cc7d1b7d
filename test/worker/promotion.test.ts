/** The build that receives new runs, as each worker decides for its own build. */
import type { DeploymentState } from '../../src/worker/deployment';
import { decide } from '../../src/worker/promotion';

const OLD = { buildId: 'old', createdAt: 1000, isDrained: false };
const NEW = { buildId: 'new', createdAt: 2000, isDrained: false };
const state = (current: string | undefined, versions = [OLD, NEW]): DeploymentState => ({
  current,
  versions,
  conflictToken: null,
});
const live = (...builds: string[]) => {
  return (buildId: string) => builds.includes(buildId);
};
const notKnown = () => undefined;

test('a worker waits until the server knows its build', () => {
  expect(decide(undefined, 'new', live('new'))).toBe('wait');
  expect(decide(state(undefined, [OLD]), 'new', live('new'))).toBe('wait');
});

test('the first build becomes current', () => {
  expect(decide(state(undefined, [OLD]), 'old', notKnown)).toBe('promote');
});

test('a newer build replaces an older one that is still alive', () => {
  expect(decide(state('old'), 'new', live('old', 'new'))).toBe('promote');
  expect(decide(state('new'), 'new', live('old', 'new'))).toBe('is current');
});

test('an older build leaves new runs to a newer one that is alive', () => {
  expect(decide(state('new'), 'old', live('old', 'new'))).toBe('leave');
});

test('an older build takes new runs if the workers of the newer one are gone, but not before that is known', () => {
  expect(decide(state('new'), 'old', notKnown)).toBe('wait');
  expect(decide(state('new'), 'old', live('old'))).toBe('promote');
});

test('a build becomes current if the server no longer knows its predecessor', () => {
  expect(decide(state('gone', [OLD]), 'old', notKnown)).toBe('promote');
});
