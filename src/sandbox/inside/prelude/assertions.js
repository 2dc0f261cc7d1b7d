// What tests are written with: `assert` as Node has it, `expect` and `fn` as Jest has them, and how values are shown.
(() => {
  const show = (value, depth = 0) => {
    if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value);
    if (typeof value === 'function') return `[Function: ${value.name || 'anonymous'}]`;
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (value instanceof RegExp || value instanceof Date || value === null || typeof value !== 'object')
      return String(value);
    if (depth > 4) return '...';
    const inner = (item) => show(item, depth + 1);
    if (Array.isArray(value)) return `[ ${value.map(inner).join(', ')} ]`;
    if (value instanceof Map) return `Map { ${[...value].map(([k, v]) => `${inner(k)} => ${inner(v)}`).join(', ')} }`;
    if (value instanceof Set) return `Set { ${[...value].map(inner).join(', ')} }`;
    return `{ ${Object.entries(value)
      .map(([k, v]) => `${k}: ${inner(v)}`)
      .join(', ')} }`;
  };

  class AssertionError extends Error {
    name = 'AssertionError';
  }
  const demand = (holds, message, fallback) => {
    if (holds) return;
    if (message instanceof Error) throw message;
    throw new AssertionError(message ?? fallback);
  };

  const isObject = (value) => value !== null && typeof value === 'object';
  const tagOf = (value) => Object.prototype.toString.call(value);
  /** How values are compared: whether 1 is "1", whether the class counts, and whether undefined is the same as absent. */
  const LOOSE = { coerce: true };
  const STRICT = { classes: true };
  const EQUAL = { lenient: true };
  const same = (a, b, how) => {
    if (isObject(b) && typeof b.asymmetricMatch === 'function') return b.asymmetricMatch(a);
    if (Object.is(a, b) || (how.coerce && !isObject(a) && !isObject(b) && a == b)) return true;
    if (!isObject(a) || !isObject(b) || tagOf(a) !== tagOf(b)) return false;
    if (how.classes && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
    if (a instanceof RegExp) return String(a) === String(b);
    if (a instanceof Error) return a.name === b.name && a.message === b.message;
    if (a instanceof Set) return a.size === b.size && [...b].every((item) => has(a, item, how));
    if (a instanceof Map) {
      const holds = ([key, value]) => [...a].some(([k, v]) => same(k, key, how) && same(v, value, how));
      return a.size === b.size && [...b].every(holds);
    }
    return sameKeys(a, b, how);
  };
  const has = (items, wanted, how) => [...items].some((item) => same(item, wanted, how));
  const sameKeys = (a, b, how) => {
    const keysOf = (value) => Object.keys(value).filter((key) => !how.lenient || value[key] !== undefined);
    const keys = keysOf(b);
    const isIn = (key) => Object.hasOwn(a, key) && same(a[key], b[key], how);
    return a.length === b.length && keysOf(a).length === keys.length && keys.every(isIn);
  };
  /** Whether the one holds all that the other does. */
  const includes = (a, b) =>
    isObject(a) && isObject(b) && !Array.isArray(b) && tagOf(b) === '[object Object]'
      ? Object.keys(b).every((key) => key in a && includes(a[key], b[key]))
      : Array.isArray(a) && Array.isArray(b)
        ? a.length === b.length && b.every((item, i) => includes(a[i], item))
        : same(a, b, EQUAL);

  const differ = (got, expected) => `got ${show(got, 1)}, expected ${show(expected, 1)}`;
  const must = (got) => `got ${show(got, 1)}, which it must not be`;
  const thrown = (run) => {
    try {
      run();
    } catch (error) {
      return { error };
    }
    return undefined;
  };
  const rejected = (promise) =>
    Promise.resolve()
      .then(() => (typeof promise === 'function' ? promise() : promise))
      .then(
        () => undefined,
        (error) => ({ error }),
      );
  /** What an error may be compared with: a pattern, a part of its message, a class, a function that judges it, or properties. */
  const matches = (error, like) => {
    const message = String(isObject(error) && 'message' in error ? error.message : error);
    if (like === undefined) return true;
    if (like instanceof RegExp) return like.test(message) || like.test(String(error));
    if (typeof like === 'string') return message.includes(like);
    if (typeof like === 'function') {
      if (like.prototype !== undefined && error instanceof like) return true;
      return like !== Error && !Object.prototype.isPrototypeOf.call(Error, like) && like.call({}, error) === true;
    }
    const keys = like instanceof Error ? ['name', 'message'] : Object.keys(like);
    const holds = (wanted, got) => (wanted instanceof RegExp ? wanted.test(String(got)) : same(got, wanted, STRICT));
    return isObject(error) && keys.every((key) => holds(like[key], error[key]));
  };
  const mustFail = (caught, like, message, verb) => {
    // in place of what the error is like there may be the message
    const [wanted, said] = typeof like === 'string' && message === undefined ? [undefined, like] : [like, message];
    const fallback = caught ? `${verb} ${show(caught.error)}` : `nothing was ${verb}`;
    demand(caught && matches(caught.error, wanted), said, fallback);
  };

  const assert = (value, message) => demand(value, message, `got ${show(value, 1)}, expected something true`);
  Object.assign(assert, {
    ok: assert,
    equal: (a, b, message) => demand(a == b || (a !== a && b !== b), message, differ(a, b)),
    notEqual: (a, b, message) => demand(a != b, message, must(a)),
    strictEqual: (a, b, message) => demand(Object.is(a, b), message, differ(a, b)),
    notStrictEqual: (a, b, message) => demand(!Object.is(a, b), message, must(a)),
    deepEqual: (a, b, message) => demand(same(a, b, LOOSE), message, differ(a, b)),
    notDeepEqual: (a, b, message) => demand(!same(a, b, LOOSE), message, must(a)),
    deepStrictEqual: (a, b, message) => demand(same(a, b, STRICT), message, differ(a, b)),
    notDeepStrictEqual: (a, b, message) => demand(!same(a, b, STRICT), message, must(a)),
    match: (text, like, message) => demand(like.test(text), message, differ(text, like)),
    doesNotMatch: (text, like, message) => demand(!like.test(text), message, must(text)),
    throws: (run, like, message) => mustFail(thrown(run), like, message, 'thrown'),
    doesNotThrow(run, message) {
      const caught = thrown(run);
      demand(!caught, message, caught && `threw ${show(caught.error)}`);
    },
    rejects: async (promise, like, message) => mustFail(await rejected(promise), like, message, 'rejected'),
    async doesNotReject(promise, message) {
      const caught = await rejected(promise);
      demand(!caught, message, caught && `rejected with ${show(caught.error)}`);
    },
    ifError: (value) => demand(value === null || value === undefined, value, show(value)),
    fail: (message) => demand(false, message, 'failed'),
    AssertionError,
  });
  assert.strict = Object.assign((value, message) => assert(value, message), assert, {
    equal: assert.strictEqual,
    notEqual: assert.notStrictEqual,
    deepEqual: assert.deepStrictEqual,
    notDeepEqual: assert.notDeepStrictEqual,
  });
  assert.strict.strict = assert.strict;

  /** The value at the end of a path, `a.b[0]` or a list of keys. */
  const at = (value, path) => {
    const keys = Array.isArray(path)
      ? path
      : String(path)
          .replace(/\[(\w+)\]/g, '.$1')
          .split('.');
    const step = (found, key) =>
      found && found.value !== null && found.value !== undefined && key in Object(found.value)
        ? { value: found.value[key] }
        : undefined;
    return keys.reduce(step, { value });
  };
  const callsOf = (mock) => mock.mock.calls;
  /** Each tells whether the value is as it should be, and what that is. */
  const MATCHERS = {
    toBe: (got, value) => [Object.is(got, value), show(value, 1)],
    toEqual: (got, value) => [same(got, value, EQUAL), show(value, 1)],
    toStrictEqual: (got, value) => [same(got, value, STRICT), show(value, 1)],
    toMatchObject: (got, value) => [includes(got, value), `something with ${show(value, 1)}`],
    toBeCloseTo: (got, value, digits = 2) => [
      Object.is(got, value) || Math.abs(got - value) < 10 ** -digits / 2,
      `about ${value}`,
    ],
    toBeTruthy: (got) => [Boolean(got), 'something true'],
    toBeFalsy: (got) => [!got, 'something false'],
    toBeNull: (got) => [got === null, 'null'],
    toBeUndefined: (got) => [got === undefined, 'undefined'],
    toBeDefined: (got) => [got !== undefined, 'something defined'],
    toBeNaN: (got) => [Number.isNaN(got), 'NaN'],
    toBeGreaterThan: (got, value) => [got > value, `more than ${value}`],
    toBeGreaterThanOrEqual: (got, value) => [got >= value, `${value} or more`],
    toBeLessThan: (got, value) => [got < value, `less than ${value}`],
    toBeLessThanOrEqual: (got, value) => [got <= value, `${value} or less`],
    toBeInstanceOf: (got, type) => [got instanceof type, `a ${type.name}`],
    toHaveLength: (got, length) => [got.length === length, `length ${length}`],
    toHaveProperty: (got, path, ...value) => [
      Boolean(at(got, path)) && (value.length === 0 || same(at(got, path).value, value[0], EQUAL)),
      `the property ${path}${value.length === 0 ? '' : ` as ${show(value[0], 1)}`}`,
    ],
    toContain: (got, item) => [
      typeof got === 'string' ? got.includes(item) : [...got].some((one) => Object.is(one, item)),
      `something with ${show(item, 1)}`,
    ],
    toContainEqual: (got, item) => [has(got, item, EQUAL), `something with ${show(item, 1)}`],
    toMatch: (got, like) => [like instanceof RegExp ? like.test(got) : got.includes(like), String(like)],
    toThrow: (got, like) => [
      got !== undefined && (like instanceof Error ? got.error.message === like.message : matches(got.error, like)),
      `an error${like ? ` like ${show(like)}` : ''}`,
    ],
    toHaveBeenCalled: (got) => [callsOf(got).length > 0, 'a call'],
    toHaveBeenCalledTimes: (got, count) => [callsOf(got).length === count, `${count} calls`],
    toHaveBeenCalledWith: (got, ...given) => [has(callsOf(got), given, EQUAL), `a call with ${show(given, 1)}`],
    toHaveBeenNthCalledWith: (got, nth, ...given) => [
      same(callsOf(got)[nth - 1], given, EQUAL),
      `a call ${nth} with ${show(given, 1)}`,
    ],
    toHaveReturnedWith: (got, value) => [
      got.mock.results.some((result) => same(result.value, value, EQUAL)),
      `a return of ${show(value, 1)}`,
    ],
    toBeTypeOf: (got, type) => [typeof got === type, `a ${type}`],
    toSatisfy: (got, holds) => [Boolean(holds(got)), 'something that satisfies it'],
    toHaveBeenLastCalledWith: (got, ...given) => [
      same(callsOf(got).at(-1), given, EQUAL),
      `a last call with ${show(given, 1)}`,
    ],
  };
  MATCHERS.toThrowError = MATCHERS.toThrow;

  /** Whether it is about an error that a function throws. */
  const isAboutErrors = (name) => name.startsWith('toThrow');
  const SHOWN_CALLS = 10;
  /** What a matcher was given, in the words of what it is about. */
  const shownFor = (name, got) => {
    if (isAboutErrors(name)) return got ? `threw ${show(got.error)}` : 'nothing was thrown';
    if (!/^toHave(BeenCalled|Been\w+Called|Returned)/.test(name)) return `got ${show(got, 1)}`;
    const { calls, results } = got.mock;
    const values = name.startsWith('toHaveReturned') ? results.map(({ value }) => value) : calls;
    const last = values.slice(-SHOWN_CALLS).map((value) => show(value, 1));
    return `got ${calls.length} call${calls.length === 1 ? '' : 's'}${last.length > 0 ? `: ${last.join(', ')}` : ''}`;
  };
  const judge = (name, got, given, not) => {
    const [holds, text] = MATCHERS[name](got, ...given);
    const shown = shownFor(name, got);
    demand(holds !== not, undefined, `${shown}, expected ${not ? 'not ' : ''}${text}`);
  };
  const matchersOf = (apply) => Object.fromEntries(Object.keys(MATCHERS).map((name) => [name, apply(name)]));
  const now = (got, not) =>
    matchersOf(
      (name) =>
        (...given) =>
          judge(name, isAboutErrors(name) ? thrown(got) : got, given, not),
    );
  const later = (settle, not) =>
    matchersOf(
      (name) =>
        async (...given) =>
          judge(name, await settle(name), given, not),
    );
  const settled = async (promise) => {
    const caught = await rejected(promise);
    demand(!caught, undefined, caught && `rejected with ${show(caught.error)}`);
    return promise;
  };
  const failed = async (promise, name) => {
    const caught = await rejected(promise);
    demand(caught, undefined, 'nothing was rejected');
    return isAboutErrors(name) ? caught : caught.error;
  };
  const bothWays = (make) => ({ ...make(false), not: make(true) });
  const expect = (got) => ({
    ...bothWays((not) => now(got, not)),
    resolves: bothWays((not) => later(() => settled(got), not)),
    rejects: bothWays((not) => later((name) => failed(got, name), not)),
  });
  const matcher = (asymmetricMatch) => ({ asymmetricMatch });
  const KINDS = new Map([
    [Number, 'number'],
    [String, 'string'],
    [Boolean, 'boolean'],
    [Function, 'function'],
    [BigInt, 'bigint'],
    [Symbol, 'symbol'],
  ]);
  Object.assign(expect, {
    assertions: () => undefined,
    hasAssertions: () => undefined,
    anything: () => matcher((value) => value !== null && value !== undefined),
    any: (type) => matcher((value) => typeof value === KINDS.get(type) || value instanceof type),
    arrayContaining: (items) =>
      matcher((value) => Array.isArray(value) && items.every((item) => has(value, item, EQUAL))),
    objectContaining: (wanted) =>
      matcher((value) => isObject(value) && Object.keys(wanted).every((key) => same(value[key], wanted[key], EQUAL))),
    not: {
      objectContaining: (wanted) =>
        matcher((value) => !Object.keys(wanted).every((key) => same(value?.[key], wanted[key], EQUAL))),
      arrayContaining: (items) => matcher((value) => !items.every((item) => has(value ?? [], item, EQUAL))),
      stringContaining: (part) => matcher((value) => !String(value).includes(part)),
      stringMatching: (like) => matcher((value) => !new RegExp(like).test(value)),
    },
    stringContaining: (part) => matcher((value) => typeof value === 'string' && value.includes(part)),
    stringMatching: (like) => matcher((value) => typeof value === 'string' && new RegExp(like).test(value)),
    closeTo: (wanted, digits = 2) => matcher((value) => Math.abs(value - wanted) < 10 ** -digits / 2),
  });

  /** A function that remembers its calls. */
  const fn = (implementation = () => undefined) => {
    const once = [];
    let current = implementation;
    const mock = { calls: [], results: [] };
    const mocked = function (...given) {
      mock.calls.push(given);
      const value = (once.shift() ?? current).apply(this, given);
      mock.results.push({ type: 'return', value });
      return value;
    };
    const set = (change) => (value) => {
      change(value);
      return mocked;
    };
    return Object.assign(mocked, {
      mock,
      mockImplementation: set((run) => (current = run)),
      mockImplementationOnce: set((run) => once.push(run)),
      mockReturnValue: set((value) => (current = () => value)),
      mockReturnValueOnce: set((value) => once.push(() => value)),
      mockResolvedValue: set((value) => (current = () => Promise.resolve(value))),
      mockResolvedValueOnce: set((value) => once.push(() => Promise.resolve(value))),
      mockRejectedValue: set((error) => (current = () => Promise.reject(error))),
      mockRejectedValueOnce: set((error) => once.push(() => Promise.reject(error))),
      mockClear: set(() => (mock.calls.length = mock.results.length = 0)),
      mockReset: set(() => {
        mock.calls.length = mock.results.length = once.length = 0;
        current = () => undefined;
      }),
    });
  };

  /** Replaces a method by one that remembers its calls. */
  const spyOn = (object, method) => {
    const original = object[method];
    const spy = fn(original);
    object[method] = spy;
    return Object.assign(spy, { mockRestore: () => void (object[method] = original) });
  };

  const made = [];
  const keep = (mock) => {
    made.push(mock);
    return mock;
  };
  const all = (method) => () => made.forEach((mock) => mock[method]?.());
  const mocks = {
    fn: (implementation) => keep(fn(implementation)),
    spyOn: (object, method) => keep(spyOn(object, method)),
    isMockFunction: (value) => typeof value === 'function' && 'mock' in value,
    clearAllMocks: all('mockClear'),
    resetAllMocks: all('mockReset'),
    restoreAllMocks: all('mockRestore'),
  };

  return { show, isSame: (a, b) => same(a, b, STRICT), assert, expect, mocks };
})();
