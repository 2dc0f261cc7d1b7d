// POST /v1/chat/completions: handles one request from its body to the end of its answer, streamed or whole.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { parseChatRequest, type ChatRequest } from './chat-request';
import {
  chunk,
  completion,
  DONE_FRAME,
  eventFrame,
  KEEP_ALIVE_FRAME,
  usageChunk,
  type AnswerIdentity,
} from './completion-frames';
import type { ModelEngine } from './engine';
import { failureReply } from './failures';
import type { GenerationStep } from './generation';
import { readBody } from './read-body';
import { replyJson } from './reply-json';

/** Dependencies of the handler on the server. */
export interface ChatCompletionsOptions {
  /** Throws `model_not_found`; resolves once the model is loaded. */
  readonly findEngine: (model: string) => Promise<ModelEngine>;
  readonly keepAliveMs: number;
  readonly log: Logger;
}

interface Answer {
  readonly identity: AnswerIdentity;
  readonly request: ChatRequest;
  readonly steps: AsyncIterable<GenerationStep>;
  readonly response: ServerResponse;
  readonly log: Logger;
  readonly startedAt: number;
}

/**
 * Answers one request. Throws rejections, and only before the first byte of the reply. A request for a model that is still loading waits
 * for it, as it would wait for a slot.
 */
export async function answerChatCompletion(
  incoming: IncomingMessage,
  response: ServerResponse,
  { findEngine, keepAliveMs, log }: ChatCompletionsOptions,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => {
    left.abort();
  });
  const request = parseChatRequest(await readBody(incoming));
  const engine = await findEngine(request.model);
  const steps = engine.submit(request.generation, left.signal);
  const identity = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: request.model };
  const modelLog = log.child({ model: request.model });
  const answer: Answer = { identity, request, steps, response, log: modelLog, startedAt: Date.now() };
  try {
    await (request.stream ? streamAnswer(answer, keepAliveMs) : sendWholeAnswer(answer));
  } catch (error) {
    // Iterating over an answer whose reader left also ends with an error.
    if (!left.signal.aborted) throw error;
    modelLog.info({ ms: Date.now() - answer.startedAt }, 'the client left');
  }
}

async function sendWholeAnswer(answer: Answer): Promise<void> {
  const { identity, steps, response } = answer;
  let text = '';
  for await (const step of steps) {
    if (step.kind === 'text') text += step.text;
    else {
      replyJson(response, 200, completion(identity, { ...step, text }));
      logAnswered(answer, step);
    }
  }
}

async function streamAnswer(answer: Answer, keepAliveMs: number): Promise<void> {
  const { response, log } = answer;
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  // Restarted by every chunk, so the comment is sent only during silence.
  const keepAlive = setInterval(() => response.write(KEEP_ALIVE_FRAME), keepAliveMs);
  try {
    for await (const frame of answerFrames(answer)) {
      response.write(frame);
      keepAlive.refresh();
    }
  } catch (error) {
    if (response.destroyed) throw error;
    // The status is already sent: an error object without finish reason and [DONE] signals that the answer broke off.
    log.error({ err: error }, 'broke off');
    response.write(eventFrame(failureReply(error).body));
  } finally {
    clearInterval(keepAlive);
    response.end();
  }
}

async function* answerFrames(answer: Answer): AsyncGenerator<string> {
  const { identity, request, steps } = answer;
  let isFirst = true;
  for await (const step of steps) {
    if (isFirst) yield eventFrame(chunk(identity, { role: 'assistant', content: '' }));
    isFirst = false;
    if (step.kind === 'text') {
      yield eventFrame(chunk(identity, { content: step.text }));
      continue;
    }
    yield eventFrame(chunk(identity, {}, step.finishReason));
    if (request.includeUsage) yield eventFrame(usageChunk(identity, step.usage));
    yield DONE_FRAME;
    logAnswered(answer, step);
  }
}

function logAnswered({ log, startedAt }: Answer, end: Extract<GenerationStep, { kind: 'end' }>): void {
  log.info({ finishReason: end.finishReason, ...end.usage, ms: Date.now() - startedAt }, 'answered');
}
