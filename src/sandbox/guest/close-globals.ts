/**
 * Removes Node's functions from the global object and from modules that code may still hold, and freezes the built-ins of ECMAScript, once
 * the interpreter is loaded. A program that escaped from WebAssembly would find only the language, without a host behind it. The host's own
 * code must hold the Node functions that it calls afterwards.
 */
import childProcess from 'node:child_process';
import cluster from 'node:cluster';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import http2 from 'node:http2';
import inspector from 'node:inspector';
import module from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import v8 from 'node:v8';
import vm from 'node:vm';
import workers from 'node:worker_threads';
import { freezeIntrinsics } from './freeze-intrinsics';

/** Node's globals that the interpreters need while they run. */
const KEPT = ['TextDecoder', 'TextEncoder'] as const;

const PROCESS_POWERS =
  `abort binding _linkedBinding chdir _debugEnd _debugProcess dlopen execve exit getBuiltinModule initgroups kill _kill
  loadEnvFile mainModule openStdin reallyExit report setegid seteuid setgid setgroups setuid stderr stdin stdout umask`.split(
    /\s+/,
  );

export function closeGlobals(): void {
  closeModules();
  const language = new Set(Object.getOwnPropertyNames(globalThis).filter(isOfLanguage));
  const wide = globalThis as Record<string, unknown>;
  const kept = {
    // Node creates these lazily, which a frozen global object would prevent
    ...Object.fromEntries(KEPT.map((name) => [name, globalThis[name]])),
    performance: { now: performance.now.bind(performance) },
    WebAssembly: { RuntimeError: WebAssembly.RuntimeError },
  };
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (name !== 'globalThis' && !language.has(name)) Reflect.deleteProperty(wide, name);
  }
  Object.assign(wide, kept);
  wide.process = { versions: {}, exit: refuse, hrtime: refuse };
  wide.console = { log: ignore, warn: ignore, error: ignore, info: ignore, debug: ignore };
  freezeIntrinsics();
}

/**
 * Disables functions of Node's modules that affect files, processes, networks, engines and code. Node itself does not call them by these
 * names.
 */
function closeModules(): void {
  const all = [childProcess, cluster, dgram, dns, dns.promises, fs, fsPromises, http, https, http2, inspector, module];
  for (const held of [...all, net, tls, v8, vm, workers]) refuseAll(held);
  for (const { prototype } of [net.Socket, net.Server, dgram.Socket] as { prototype: object }[]) {
    for (const name of ['connect', 'listen', 'bind', 'send']) if (name in prototype) refuseOne(prototype, name);
  }
  refuseAll(module.prototype as object);
  // Node itself calls the other functions of `process`
  for (const name of PROCESS_POWERS) refuseOne(process, name);
}

function refuseAll(holder: object): void {
  for (const name of Object.getOwnPropertyNames(holder)) refuseOne(holder, name);
}

function refuseOne(holder: object, name: string): void {
  const { value, get, configurable } = Object.getOwnPropertyDescriptor(holder, name) ?? { configurable: true };
  if (!configurable || (typeof value !== 'function' && !get)) return;
  Object.defineProperty(holder, name, { value: refuse, writable: false, configurable: false });
}

/** Names defined by ECMAScript: constructors, namespaces, functions such as `parseInt`. */
function isOfLanguage(name: string): boolean {
  return /^(Object|Function|Array|Number|parseFloat|parseInt|Infinity|NaN|undefined|Boolean|String|Symbol|Date|Promise|RegExp|Error|\w+Error|JSON|Math|Intl|ArrayBuffer|SharedArrayBuffer|Atomics|\w+Array|DataView|Map|BigInt|Set|WeakMap|WeakSet|WeakRef|Proxy|Reflect|FinalizationRegistry|Iterator|decodeURI|decodeURIComponent|encodeURI|encodeURIComponent|escape|unescape|isFinite|isNaN)$/.test(
    name,
  );
}

function ignore(): void {}

function refuse(): never {
  throw new Error('This is not allowed in the sandbox.');
}
