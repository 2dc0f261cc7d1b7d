// @ts-check
// Reads one entry out of a zip file without a package: a wheel is a zip, and this runs before node_modules exists.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const END_SIZE = 22;
const COMMENT_LIMIT = 0xffff;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_SIZE = 46;
const LOCAL_SIZE = 30;
const STORED = 0;
const DEFLATED = 8;

/** @typedef {{name: string, method: number, packedBytes: number, offset: number}} Entry */

/**
 * The unpacked content of the first entry whose name fits. Files beyond 4 GB (zip64) are not read.
 * @param {string} file
 * @param {RegExp} pattern
 * @returns {Promise<import('node:stream').Readable>}
 */
export async function readEntry(file, pattern) {
  const handle = await open(file);
  try {
    const entry = (await listEntries(handle)).find(({ name }) => pattern.test(name));
    if (!entry) throw new Error(`${file} holds nothing that fits ${pattern}`);
    const local = await readBytes(handle, entry.offset, LOCAL_SIZE);
    const start = entry.offset + LOCAL_SIZE + local.readUInt16LE(26) + local.readUInt16LE(28);
    return unpack(createReadStream(file, { start, end: start + entry.packedBytes - 1 }), entry);
  } finally {
    await handle.close();
  }
}

/** @param {import('node:fs').ReadStream} packed @param {Entry} entry */
function unpack(packed, { name, method }) {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw new Error(`${name} is packed by method ${method}`);
  const unpacked = createInflateRaw();
  packed.once('error', (error) => unpacked.destroy(error));
  unpacked.once('close', () => packed.destroy());
  return packed.pipe(unpacked);
}

/** @param {import('node:fs/promises').FileHandle} handle @returns {Promise<Entry[]>} */
async function listEntries(handle) {
  const { size } = await handle.stat();
  const tailSize = Math.min(size, END_SIZE + COMMENT_LIMIT);
  const tail = await readBytes(handle, size - tailSize, tailSize);
  let end = tail.length - END_SIZE;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end -= 1;
  if (end < 0) throw new Error('not a zip file');
  const directory = await readBytes(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  return parseDirectory(directory);
}

/** @param {Buffer} directory */
function parseDirectory(directory) {
  /** @type {Entry[]} */
  const entries = [];
  let at = 0;
  while (at + ENTRY_SIZE <= directory.length && directory.readUInt32LE(at) === ENTRY_SIGNATURE) {
    const nameSize = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + ENTRY_SIZE, at + ENTRY_SIZE + nameSize),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    });
    at += ENTRY_SIZE + nameSize + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * @param {import('node:fs/promises').FileHandle} handle
 * @param {number} position
 * @param {number} length
 */
async function readBytes(handle, position, length) {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('the zip file is cut off');
  return buffer;
}
