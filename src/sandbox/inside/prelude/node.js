// What Node and browsers offer beside the language, as far as it needs nobody outside. What is not here is told as missing.
({ show, isSame, now, hostWrite, hostLeave, hostLocale }) => {
  const clone = (value, known = new Map()) => {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new Error(`${show(value)} could not be cloned.`);
    }
    if (value === null || typeof value !== 'object') return value;
    if (known.has(value)) return known.get(value);
    const keep = (copy) => {
      known.set(value, copy);
      return copy;
    };
    const inner = (item) => clone(item, known);
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) return keep(value.slice());
    if (value instanceof Map) {
      const copy = keep(new Map());
      for (const [key, item] of value) copy.set(inner(key), inner(item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = keep(new Set());
      for (const item of value) copy.add(inner(item));
      return copy;
    }
    if (value instanceof Error)
      return keep(Object.assign(new value.constructor(value.message), { stack: value.stack }));
    const copy = keep(Array.isArray(value) ? [] : {});
    for (const key of Object.keys(value)) copy[key] = inner(value[key]);
    return copy;
  };

  const utf8 = (text) =>
    Uint8Array.from(unescape(encodeURIComponent(String(text).toWellFormed())), (sign) => sign.charCodeAt(0));
  const textOf = (bytes) => {
    const signs = [...bytes].map((byte) => String.fromCharCode(byte)).join('');
    try {
      return decodeURIComponent(escape(signs));
    } catch {
      return signs;
    }
  };
  const viewOf = (bytes) =>
    bytes instanceof ArrayBuffer
      ? new Uint8Array(bytes)
      : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  class TextEncoder {
    encoding = 'utf-8';
    encode = (text = '') => utf8(text);
  }
  class TextDecoder {
    encoding = 'utf-8';
    decode = (bytes) => (bytes === undefined ? '' : textOf(viewOf(bytes)));
  }

  const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const btoa = (given) => {
    const text = String(given);
    if (/[^\0-\xff]/.test(text)) throw new Error('Invalid character');
    let encoded = '';
    for (let i = 0; i < text.length; i += 3) {
      const [a, b, c] = [0, 1, 2].map((more) => text.charCodeAt(i + more));
      const bits = (a << 16) | ((b || 0) << 8) | (c || 0);
      const four = [18, 12, 6, 0].map((shift) => SIGNS[(bits >> shift) & 63]);
      encoded += four
        .slice(0, Number.isNaN(b) ? 2 : Number.isNaN(c) ? 3 : 4)
        .join('')
        .padEnd(4, '=');
    }
    return encoded;
  };
  const atob = (given) => {
    const text = String(given).replace(/[\s]|=+$/g, '');
    if (/[^A-Za-z0-9+/]/.test(text) || text.length % 4 === 1) throw new Error('The string is not correctly encoded.');
    const bits = [...text].map((sign) => SIGNS.indexOf(sign).toString(2).padStart(6, '0')).join('');
    return (bits.match(/.{8}/g) ?? []).map((byte) => String.fromCharCode(parseInt(byte, 2))).join('');
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

  const hexOf = (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  const crypto = {
    randomUUID: () =>
      `${hexOf(8)}-${hexOf(4)}-4${hexOf(3)}-${'89ab'[Math.floor(Math.random() * 4)]}${hexOf(3)}-${hexOf(12)}`,
    getRandomValues: (array) => {
      const count = 2 ** (8 * array.BYTES_PER_ELEMENT);
      array.set(array.map(() => Math.floor(Math.random() * count)));
      return array;
    },
  };

  // the host knows the languages; it is given plain data and gives a plain value
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
    emitWarning: (warning) => hostWrite(`${show(warning)}\n`),
    stdout: { write: (text) => hostWrite(String(text)), isTTY: false, columns: 80 },
    stderr: { write: (text) => hostWrite(String(text)), isTTY: false, columns: 80 },
  };
  for (const name of ['on', 'once', 'off', 'removeListener']) process[name] = () => process;

  const format = (first, ...values) => {
    if (typeof first !== 'string') return [first, ...values].map((value) => show(value)).join(' ');
    const forms = {
      s: (value) => (typeof value === 'object' && value !== null ? show(value, 1) : String(value)),
      d: (value) => String(Number(value)),
      i: (value) => String(Math.trunc(Number(value))),
      f: (value) => String(Number(value)),
      j: (value) => JSON.stringify(value),
      o: (value) => show(value, 1),
      O: (value) => show(value, 1),
      c: () => '',
    };
    const text = first.replace(/%([sdifjoOc%])/g, (whole, form) => {
      if (form === '%') return '%';
      return values.length > 0 ? forms[form](values.shift()) : whole;
    });
    return [text, ...values.map((value) => show(value))].join(' ');
  };
  const util = {
    format,
    inspect: (value) => show(value, 1),
    isDeepStrictEqual: isSame,
    inherits: (type, parent) => void Object.setPrototypeOf(type.prototype, parent.prototype),
    deprecate: (run) => run,
    promisify:
      (run) =>
      (...given) =>
        new Promise((resolve, reject) => {
          run(...given, (error, value) => (error ? reject(error) : resolve(value)));
        }),
    callbackify:
      (run) =>
      (...given) => {
        const done = given.pop();
        run(...given).then((value) => done(null, value), done);
      },
    TextEncoder,
    TextDecoder,
    types: {
      isDate: (value) => value instanceof Date,
      isRegExp: (value) => value instanceof RegExp,
      isPromise: (value) => value instanceof Promise,
      isMap: (value) => value instanceof Map,
      isSet: (value) => value instanceof Set,
      isNativeError: (value) => value instanceof Error,
    },
  };

  return {
    format,
    globals: {
      structuredClone: (value) => clone(value),
      queueMicrotask: (run) => void Promise.resolve().then(run),
      ...{ TextEncoder, TextDecoder, btoa, atob, Event, CustomEvent: Event, EventTarget, AbortSignal, AbortController },
      ...{ crypto, Intl, process },
    },
    modules: { util, process, os: { EOL: '\n', platform: () => 'linux' } },
  };
};
