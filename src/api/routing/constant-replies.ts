/** Documents that never change are written as JSON once: writing a large one for each request would delay every stream of the process. */

const texts = new WeakMap<object, Buffer>();

/** Returns the same document. Whenever it is a reply, its text is the one made here, so it must not change. */
export function writeOnce<Document extends object>(document: Document): Document {
  texts.set(document, Buffer.from(JSON.stringify(document)));
  return document;
}

/** The JSON of a document given to {@link writeOnce}; undefined for all other bodies. */
export function findText(body: unknown): Buffer | undefined {
  return typeof body === 'object' && body !== null ? texts.get(body) : undefined;
}
