// Treats top-level assertions of a program as its tests: while it loads, the result of each line with assertions is recorded, and a failure
// does not stop it.
(() => {
  // held here, because a program may replace them
  const NativeError = Error;
  const { stringify } = JSON;
  /** The first failure of each line; undefined if all assertions of the line passed. */
  const noted = new Map();
  /** The file that is being loaded. */
  let loading;

  /** The line of an assertion that was made at the top level, outside any named function. */
  const topLevelLine = () => {
    if (loading === undefined) return undefined;
    const stack = String(new NativeError().stack ?? '').split('\n');
    const frames = stack.filter((frame) => frame.trim() !== '' && !frame.includes('(prelude:'));
    if (!frames.every((frame) => /^\s*at (?:<eval>|<anonymous>) |\(native\)$/.test(frame))) return undefined;
    const places = frames.map((frame) => /\(([^(]*):(\d+):\d+\)$/.exec(frame));
    const line = places.find((place) => place?.[1] === loading)?.[2];
    return line === undefined ? undefined : Number(line);
  };
  const note = (line, error) => void noted.set(line, noted.get(line) ?? error);
  /** Wraps an assertion: at the top level its failure is recorded, elsewhere it throws. */
  const noting =
    (assert) =>
    (...given) => {
      const line = topLevelLine();
      if (line === undefined) return assert(...given);
      try {
        const result = assert(...given);
        if (typeof result?.then !== 'function') return note(line, undefined);
        return result.then(
          () => note(line, undefined),
          (error) => note(line, error),
        );
      } catch (error) {
        return note(line, error);
      }
    };
  const notingAll = (assert) => {
    const methods = Object.entries(assert).map(([name, method]) => {
      const isAssertion = typeof method === 'function' && name !== 'AssertionError' && name !== 'strict';
      return [name, isAssertion ? noting(method) : method];
    });
    return Object.assign(noting(assert), Object.fromEntries(methods));
  };

  return {
    topLevelLine,
    note,
    /** Wraps Node's `assert` and its strict form. */
    notingAssert(assert) {
      const strict = notingAll(assert.strict);
      strict.strict = strict;
      return Object.assign(notingAll(assert), { strict });
    },
    beginLoading: (file) => void (loading = file),
    endLoading() {
      loading = undefined;
      return stringify([...noted.keys()]);
    },
    failNoted(line) {
      const error = noted.get(line);
      if (error !== undefined) throw error;
    },
  };
})();
