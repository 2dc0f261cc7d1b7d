/**
 * The child's end of the two pipes: frames are read and written one at a time, synchronously. A program that reached the JavaScript around
 * its interpreter could change the behaviour of built-in objects. Therefore all required functions are held here from the start, and
 * nothing is looked up on an object that a program could have changed.
 */
import fs from 'node:fs';
import { ANSWER_FD, HEADER_BYTES, REQUEST_FD, type Message, type SealedRequest } from './protocol';

const { readSync, writeSync } = fs;
const { parse, stringify } = JSON;
const { keys } = Object;
const { isArray } = Array;
const Bytes = Uint8Array;
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const decode = TextDecoder.prototype.decode.bind(new TextDecoder());

/** Undefined if the parent has no more requests, or has exited. */
export function readRequest(): SealedRequest | undefined {
  const header = readBytes(HEADER_BYTES);
  if (!header) return undefined;
  const length = header[0]! * 0x1000000 + header[1]! * 0x10000 + header[2]! * 0x100 + header[3]!;
  const body = readBytes(length);
  return body && (parse(decode(body)) as SealedRequest);
}

export function send(message: Message): void {
  const body = encode(toJson(message));
  const { length } = body;
  const frame = new Bytes(HEADER_BYTES + length);
  frame[0] = length >>> 24;
  frame[1] = length >>> 16;
  frame[2] = length >>> 8;
  frame[3] = length;
  for (let i = 0; i < length; i++) frame[HEADER_BYTES + i] = body[i]!;
  for (let at = 0; at < frame.length;) at += writeSync(ANSWER_FD, frame, at, frame.length - at);
}

function readBytes(length: number): Uint8Array | undefined {
  const bytes = new Bytes(length);
  for (let at = 0; at < length;) {
    const count = readSync(REQUEST_FD, bytes, at, length - at, null);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}

/** `JSON.stringify` calls `toJSON` of every object, which a program may have defined; for strings and numbers it calls nothing. */
function toJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return stringify(value);
  let text = '';
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) text += (i > 0 ? ',' : '') + toJson(value[i]);
    return `[${text}]`;
  }
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const held = (value as Record<string, unknown>)[names[i]!];
    if (held !== undefined) text += `${text && ','}${stringify(names[i])}:${toJson(held)}`;
  }
  return `{${text}}`;
}
