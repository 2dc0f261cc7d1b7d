/**
 * Preloaded into an API process: writes every JSON reply of the process to the file that RECORDED_REPLIES names, as one line of JSON.
 * `recorded-replies.ts` reads them. Identical replies are written once.
 */
/* global __dirname */
const { createHash } = require('node:crypto');
const { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { ServerResponse } = require('node:http');
const path = require('node:path');

const { RECORDED_REPLIES: target, DOCUMENT_FOLDER: folder } = process.env;
const dist = path.join(__dirname, '../../dist');
const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 24);

/** The document of this build, generated once per build because it takes longer than a process start should. */
const documentFile = path.join(folder, `openapi-${hash(readFileSync(path.join(dist, '.murmuration')))}.json`);
if (!existsSync(documentFile)) {
  const { openApiDocument } = require(path.join(dist, 'api/openapi/document.js'));
  const { ROUTES } = require(path.join(dist, 'api/routes/index.js'));
  const own = `${documentFile}.${process.pid}`;
  writeFileSync(own, JSON.stringify(openApiDocument(ROUTES, 'tested')));
  renameSync(own, documentFile);
}
appendFileSync(target, `${JSON.stringify({ document: documentFile })}\n`);

const { write, end } = ServerResponse.prototype;
const written = new Set();
const parts = Symbol('parts of the body');

ServerResponse.prototype.write = function (chunk, ...rest) {
  keep(this, chunk);
  return write.call(this, chunk, ...rest);
};
ServerResponse.prototype.end = function (chunk, ...rest) {
  keep(this, chunk);
  if (this[parts]) record(this);
  return end.call(this, chunk, ...rest);
};

function keep(response, chunk) {
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
  if (!/\bjson\b/.test(String(response.getHeader('content-type') ?? ''))) return;
  (response[parts] ??= []).push(Buffer.from(chunk));
}

function record(response) {
  const { method, url } = response.req;
  const body = Buffer.concat(response[parts]).toString();
  response[parts] = undefined;
  if (method === 'HEAD' || body === '') return;
  const line = JSON.stringify({ method, path: url.replace(/\?.*$/s, ''), status: response.statusCode, body });
  const mark = hash(line);
  if (written.has(mark)) return;
  written.add(mark);
  appendFileSync(target, `${line}\n`);
}
