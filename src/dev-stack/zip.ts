/** Reads one file from a zip file, such as a wheel. */
import type { Readable } from 'node:stream';
import { openPromise } from 'yauzl';

/** Returns the unpacked content of the first entry whose name matches. */
export async function openZipEntry(file: string, pattern: RegExp): Promise<Readable> {
  const zip = await openPromise(file, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!pattern.test(entry.fileName)) continue;
      const content = await zip.openReadStreamPromise(entry);
      content.once('close', () => zip.close());
      return content;
    }
  } catch (error) {
    zip.close();
    throw error;
  }
  zip.close();
  throw new Error(`${file} holds nothing that fits ${pattern}`);
}
