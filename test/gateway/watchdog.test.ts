/** The watchdog aborts on silence: one limit until the first token, another from then on. */
import { createWatchdog } from '../../src/gateway/watchdog';

const [FIRST, IDLE] = [1000, 300];

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('aborts if no token arrives within the first limit, and not before', () => {
  const { signal } = createWatchdog(FIRST, IDLE);
  jest.advanceTimersByTime(FIRST - 1);
  expect(signal.aborted).toBe(false);
  jest.advanceTimersByTime(1);
  expect(signal.aborted).toBe(true);
});

it('allows the idle limit after each token', () => {
  const watchdog = createWatchdog(FIRST, IDLE);
  for (let token = 0; token < 20; token++) {
    watchdog.alive();
    jest.advanceTimersByTime(IDLE - 1);
  }
  expect(watchdog.signal.aborted).toBe(false);
  jest.advanceTimersByTime(1);
  expect(watchdog.signal.aborted).toBe(true);
});

it('drops the first limit once a token has arrived', () => {
  const watchdog = createWatchdog(IDLE, FIRST);
  watchdog.alive();
  jest.advanceTimersByTime(FIRST - 1);
  expect(watchdog.signal.aborted).toBe(false);
});

it.each([0, 1, 2])(
  'waits for the rest as long as specified, once the answer is complete, after %i tokens',
  (tokens) => {
    const watchdog = createWatchdog(FIRST, IDLE);
    for (let i = 0; i < tokens; i++) watchdog.alive();
    watchdog.winding(5 * FIRST);
    jest.advanceTimersByTime(5 * FIRST - 1);
    expect(watchdog.signal.aborted).toBe(false);
    watchdog.winding(10);
    jest.advanceTimersByTime(10);
    expect(watchdog.signal.aborted).toBe(true);
  },
);

it.each([0, 1, 2])('does not abort and holds no timer once stopped, after %i tokens', (tokens) => {
  const watchdog = createWatchdog(FIRST, IDLE);
  for (let i = 0; i < tokens; i++) watchdog.alive();
  if (tokens === 2) watchdog.winding(IDLE);
  watchdog.stop();
  expect(jest.getTimerCount()).toBe(0);
  jest.advanceTimersByTime(10 * FIRST);
  expect(watchdog.signal.aborted).toBe(false);
});
