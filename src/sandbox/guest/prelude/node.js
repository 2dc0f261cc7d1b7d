// The API that Node and browsers add to the language, as far as it needs nothing from outside. Everything else is reported as missing.
({ loadPackage, now, hostWrite, hostLeave, hostLocale }) => {
  const clone = (value) => {
    const { serialize, deserialize } = loadPackage('clone');
    return deserialize(serialize(value));
  };

  const toBytes = (...given) => loadPackage('buffer').Buffer.from(...given);
  class TextEncoder {
    encoding = 'utf-8';
    encode = (text = '') => Uint8Array.from(toBytes(String(text).toWellFormed()));
  }
  class TextDecoder {
    encoding = 'utf-8';
    decode = (bytes = []) => toBytes(bytes.buffer ?? bytes, bytes.byteOffset, bytes.byteLength).toString();
  }
  const btoa = (given) => {
    const text = String(given);
    if (/[^\0-\xff]/.test(text)) throw new Error('Invalid character');
    return toBytes(text, 'latin1').toString('base64');
  };
  const atob = (given) => {
    const text = String(given)
      .replace(/\s/g, '')
      .replace(/={1,2}$/, '');
    if (/[^A-Za-z0-9+/]/.test(text) || text.length % 4 === 1) throw new Error('The string is not correctly encoded.');
    return toBytes(text, 'base64').toString('latin1');
  };

  class Event {
    constructor(type, { detail } = {}) {
      Object.assign(this, { type, ...(detail === undefined ? {} : { detail }), defaultPrevented: false });
    }
    preventDefault() {
      this.defaultPrevented = true;
    }
  }
  class EventTarget {
    #heard = [];
    addEventListener(type, hear, { once = false } = {}) {
      if (!this.#heard.some((one) => one.type === type && one.hear === hear)) this.#heard.push({ type, hear, once });
    }
    removeEventListener(type, hear) {
      this.#heard = this.#heard.filter((one) => one.type !== type || one.hear !== hear);
    }
    dispatchEvent(event) {
      event.target = event.currentTarget = this;
      for (const { type, hear, once } of [...this.#heard]) {
        if (type !== event.type) continue;
        if (once) this.removeEventListener(type, hear);
        if (typeof hear === 'function') hear.call(this, event);
        else hear.handleEvent(event);
      }
      this[`on${event.type}`]?.(event);
      return !event.defaultPrevented;
    }
  }
  class AbortSignal extends EventTarget {
    aborted = false;
    reason = undefined;
    throwIfAborted() {
      if (this.aborted) throw this.reason;
    }
    static abort(reason) {
      const { signal, ...controller } = new AbortController();
      controller.abort(reason);
      return signal;
    }
  }
  class AbortController {
    signal = new AbortSignal();
    abort = (reason) => {
      const { signal } = this;
      if (signal.aborted) return;
      const fallback = Object.assign(new Error('This operation was aborted'), { name: 'AbortError', code: 20 });
      Object.assign(signal, { aborted: true, reason: reason ?? fallback });
      signal.dispatchEvent(new Event('abort'));
    };
  }

  const makeHex = (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  const crypto = {
    randomUUID: () =>
      `${makeHex(8)}-${makeHex(4)}-4${makeHex(3)}-${'89ab'[Math.floor(Math.random() * 4)]}${makeHex(3)}-${makeHex(12)}`,
    getRandomValues: (array) => {
      const count = 2 ** (8 * array.BYTES_PER_ELEMENT);
      array.set(array.map(() => Math.floor(Math.random() * count)));
      return array;
    },
  };

  // the host supports locales; it is given plain data and returns a plain value
  const localise = (order) => {
    const { value, error } = JSON.parse(hostLocale(JSON.stringify(order)));
    if (error) throw new RangeError(error);
    return value;
  };
  const plain = (value) =>
    value instanceof Date ? value.getTime() : typeof value === 'bigint' ? Number(value) : value;
  const formatter = (type, ...methods) => {
    class Formatter {
      constructor(locales, options) {
        const call = (method, values) => localise({ type, locales, options, method, values: values.map(plain) });
        call('resolvedOptions', []);
        for (const method of [...methods, 'resolvedOptions']) this[method] = (...values) => call(method, values);
      }
    }
    return Object.defineProperty(Formatter, 'name', { value: type });
  };
  const Intl = {
    NumberFormat: formatter('NumberFormat', 'format', 'formatToParts'),
    DateTimeFormat: formatter('DateTimeFormat', 'format', 'formatToParts'),
    Collator: formatter('Collator', 'compare'),
    PluralRules: formatter('PluralRules', 'select'),
    ListFormat: formatter('ListFormat', 'format'),
    RelativeTimeFormat: formatter('RelativeTimeFormat', 'format'),
  };
  const method = (prototype, name, of) =>
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(...values) {
        return localise({ type: of, method: name, self: plain(this.valueOf()), values });
      },
    });
  method(String.prototype, 'localeCompare', 'String');
  for (const type of [Number, BigInt]) method(type.prototype, 'toLocaleString', 'Number');
  for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])
    method(Date.prototype, name, 'Date');

  const startedAt = now();
  const nanoseconds = () => BigInt(Math.round((now() - startedAt) * 1e6));
  const process = {
    env: {},
    argv: ['node', 'main.js'],
    argv0: 'node',
    execArgv: [],
    exitCode: undefined,
    pid: 1,
    platform: 'linux',
    version: 'v20.0.0',
    versions: { node: '20.0.0' },
    arch: 'wasm',
    exit: (code = process.exitCode) => hostLeave(String(code ?? 0)),
    cwd: () => '/program',
    uptime: () => (now() - startedAt) / 1000,
    hrtime: Object.assign(
      ([seconds, rest] = [0, 0]) => {
        const passed = nanoseconds() - BigInt(seconds) * 1_000_000_000n - BigInt(rest);
        return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)];
      },
      { bigint: nanoseconds },
    ),
    nextTick: (run, ...values) => void Promise.resolve().then(() => run(...values)),
    emitWarning: (warning) => hostWrite(`${String(warning)}\n`),
    stdout: { write: (text) => hostWrite(String(text)), isTTY: false, columns: 80 },
    stderr: { write: (text) => hostWrite(String(text)), isTTY: false, columns: 80 },
  };
  for (const name of ['on', 'once', 'off', 'removeListener']) process[name] = () => process;
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    get() {
      throw new Error('There is no keyboard input here');
    },
  });

  const isSame = (a, b) => {
    try {
      loadPackage('assert').deepStrictEqual(a, b);
      return true;
    } catch {
      return false;
    }
  };
  let util;
  /** Values that can be printed without a package. */
  const isPlain = (value) =>
    typeof value === 'string' || typeof value === 'boolean' || (value !== 0 && value === +value);
  const format = (...values) =>
    values.every(isPlain) && !String(values[0]).includes('%')
      ? values.join(' ')
      : loadPackage('util').formatWithOptions({ depth: 5, compact: 5 }, ...values);

  return {
    format,
    globals: {
      structuredClone: (value) => clone(value),
      queueMicrotask: (run) => void Promise.resolve().then(run),
      ...{ TextEncoder, TextDecoder, btoa, atob, Event, CustomEvent: Event, EventTarget, AbortSignal, AbortController },
      ...{ crypto, Intl, process },
    },
    modules: {
      util: () => (util ??= { ...loadPackage('util'), isDeepStrictEqual: isSame, TextEncoder, TextDecoder }),
      process: () => process,
      os: () => ({ EOL: '\n', platform: () => 'linux' }),
    },
  };
};
