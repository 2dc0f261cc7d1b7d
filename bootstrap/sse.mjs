// @ts-check
// Takes Server-Sent Events apart: the data of each event, as JSON frames.

/**
 * The frames of a reply, up to `[DONE]` or the end of the stream. Comments (heartbeats) are skipped.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<Frame>}
 */
export async function* readFrames(body) {
  let data = '';
  for await (const line of readLines(body)) {
    if (line.startsWith('data:')) data += `${data && '\n'}${line.slice(5).replace(/^ /, '')}`;
    if (line !== '' || !data) continue;
    if (data === '[DONE]') return;
    yield JSON.parse(data);
    data = '';
  }
}

/** @param {ReadableStream<Uint8Array>} body */
async function* readLines(body) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {unknown} */ (body))) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/**
 * One frame as src/contract/frames.ts defines it; only what is read here.
 * @typedef {object} Frame
 * @property {string} content
 * @property {boolean} done
 * @property {string} [event]
 * @property {string} [cursor]
 * @property {string} [run_id]
 * @property {string} [session_id]
 * @property {string} [turn]
 * @property {string} [role]
 * @property {string} [label]
 * @property {string} [model]
 * @property {string} [code]
 * @property {string} [message]
 * @property {string} [from]
 * @property {string} [to]
 * @property {number} [until]
 * @property {number} [index]
 * @property {{prompt_tokens: number, completion_tokens: number, estimated?: boolean}} [usage]
 * @property {number | null} [cost_usd]
 */
