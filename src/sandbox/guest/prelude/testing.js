// Provides `expect`, `jest` and `vi` from the packages of Jest. They are loaded on first use.
(loadPackage) => {
  let loaded;
  const parts = () => (loaded ??= load());

  const MOCKS = [
    ...['fn', 'spyOn', 'replaceProperty', 'mocked', 'isMockFunction'],
    ...['clearAllMocks', 'resetAllMocks', 'restoreAllMocks'],
  ];
  const TIMERS = [
    ...['useRealTimers', 'getTimerCount', 'clearAllTimers', 'now', 'getRealSystemTime'],
    ...['advanceTimersByTime', 'advanceTimersByTimeAsync', 'advanceTimersToNextTimer', 'advanceTimersToNextTimerAsync'],
    ...['runAllTicks', 'runAllTimers', 'runAllTimersAsync', 'runOnlyPendingTimers', 'runOnlyPendingTimersAsync'],
  ];
  /** The host steps through promises, so tests must not replace these. */
  const UNTOUCHED = ['nextTick', 'queueMicrotask'];
  const ALL_BUT_DATE = [
    ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
    ...['performance', 'hrtime', ...UNTOUCHED],
  ];

  function load() {
    const { expect, ModuleMocker, FakeTimers } = loadPackage('testing');
    expect.extend(moreMatchers(expect));
    const mocker = new ModuleMocker(globalThis);
    const timers = new FakeTimers({ global: globalThis, config: { fakeTimers: {} } });
    const jest = {};
    const offer = (owner, names) => {
      for (const name of names) {
        jest[name] = (...given) => {
          const result = owner[name](...given);
          return result === undefined ? jest : result;
        };
      }
    };
    offer(mocker, MOCKS);
    offer(timers, TIMERS);
    let isFaking = false;
    jest.useFakeTimers = ({ doNotFake = [], ...config } = {}) => {
      isFaking = true;
      timers.useFakeTimers({ ...config, doNotFake: [...UNTOUCHED, ...doNotFake] });
      return jest;
    };
    jest.useRealTimers = () => {
      isFaking = false;
      timers.useRealTimers();
      return jest;
    };
    // as in Vitest, the date can be set while timers are real
    jest.setSystemTime = (date) => {
      if (!isFaking) timers.useFakeTimers({ doNotFake: ALL_BUT_DATE });
      timers.setSystemTime(date);
      return jest;
    };
    return { expect, jest };
  }

  /** Names of matchers that Jest had until version 30 and that Vitest still has. */
  const EARLIER_NAMES = {
    toThrowError: 'toThrow',
    toBeCalled: 'toHaveBeenCalled',
    toBeCalledTimes: 'toHaveBeenCalledTimes',
    toBeCalledWith: 'toHaveBeenCalledWith',
    lastCalledWith: 'toHaveBeenLastCalledWith',
    nthCalledWith: 'toHaveBeenNthCalledWith',
    toReturnWith: 'toHaveReturnedWith',
  };
  const renamed = (expect, matcher) =>
    function (got, ...given) {
      // the reason of a rejected promise is a value, not a function that throws it
      const subject = this.promise === 'rejects' && matcher === 'toThrow' ? () => fail(got) : got;
      try {
        expect(subject)[matcher](...given);
        return { pass: true, message: () => `expected not ${matcher}` };
      } catch (error) {
        return { pass: false, message: () => error.message };
      }
    };
  const fail = (error) => {
    throw error;
  };
  const claim = (pass, text) => ({ pass, message: () => `expected ${text}` });
  const moreMatchers = (expect) => ({
    ...Object.fromEntries(Object.entries(EARLIER_NAMES).map(([name, matcher]) => [name, renamed(expect, matcher)])),
    toBeTypeOf: (got, type) => claim(typeof got === type, `a ${type}, received a ${typeof got}`),
    toSatisfy: (got, holds) => claim(Boolean(holds(got)), 'a value that satisfies the function'),
    toHaveBeenCalledOnce: ({ mock }) => claim(mock.calls.length === 1, `one call, received ${mock.calls.length}`),
  });

  /** Errors about expected assertions that were not made since the last call. */
  const listBroken = () => loaded?.expect.extractExpectedAssertionsErrors() ?? [];

  return {
    get expect() {
      return parts().expect;
    },
    get jest() {
      return parts().jest;
    },
    beginTest: () => void listBroken(),
    /** Throws if the test has not made the assertions that it announced. */
    endTest() {
      for (const { error } of listBroken()) throw error;
    },
  };
};
