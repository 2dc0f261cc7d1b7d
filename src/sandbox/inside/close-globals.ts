/**
 * Takes from the global object all that is Node's, once the interpreter is loaded. A program that found its way out of WebAssembly
 * would meet the language itself and no host behind it: no process, no modules, no network.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

/** Of the language, and the few of Node's that the interpreters call while they run. */
const KEPT = new Set([
  'globalThis',
  'performance',
  'setTimeout',
  'clearTimeout',
  'setImmediate',
  'queueMicrotask',
  'TextDecoder',
  'TextEncoder',
  'crypto',
  'WebAssembly',
]);

export function closeGlobals(): void {
  const language = new Set(Object.getOwnPropertyNames(globalThis).filter(isOfLanguage));
  const wide = globalThis as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!KEPT.has(name) && !language.has(name)) Reflect.deleteProperty(wide, name);
  }
  wide.process = Object.freeze({ versions: Object.freeze({}), exit: refuse, hrtime: refuse });
  wide.console = Object.freeze({ log: ignore, warn: ignore, error: ignore, info: ignore, debug: ignore });
  // the modules that were loaded already can still be held by someone
  Object.assign(net.Socket.prototype, { connect: refuse });
  Object.assign(dgram.Socket.prototype, { bind: refuse, send: refuse, connect: refuse });
  Object.assign(net, { connect: refuse, createConnection: refuse, createServer: refuse });
  Object.assign(dns, { lookup: refuse, resolve: refuse });
}

/** Names of ECMAScript: constructors, namespaces, functions such as `parseInt`. */
function isOfLanguage(name: string): boolean {
  return /^(Object|Function|Array|Number|parseFloat|parseInt|Infinity|NaN|undefined|Boolean|String|Symbol|Date|Promise|RegExp|Error|\w+Error|JSON|Math|Intl|ArrayBuffer|SharedArrayBuffer|Atomics|\w+Array|DataView|Map|BigInt|Set|WeakMap|WeakSet|WeakRef|Proxy|Reflect|FinalizationRegistry|Iterator|decodeURI|decodeURIComponent|encodeURI|encodeURIComponent|escape|unescape|isFinite|isNaN)$/.test(
    name,
  );
}

function ignore(): void {}

function refuse(): never {
  throw new Error('This is not allowed in the sandbox.');
}
