/**
 * Everything in `src` that parses a message, an answer, a gateway's reply, a header, a query or a cursor: by module and exported name, each
 * as a function of one text. `text-readers.test.ts` runs all of them, and fails if an export of these modules is missing here.
 */
import { APIError } from 'openai';
import * as agreement from '../../src/verification/agreement/agreement';
import { makeProbes } from '../../src/verification/agreement/probes';
import { print } from '../../src/verification/agreement/print';
import { text as textLiteral, listVariants } from '../../src/verification/agreement/variants';
import { isDocument, extractProgram } from '../../src/verification/extract-program';
import * as continuation from '../../src/model-call/continuation';
import { scan, withinBounds } from '../../src/verification/examples/scan';
import * as calls from '../../src/verification/examples/calls';
import { QuotedStrings } from '../../src/verification/examples/quoted';
import { listCallableNames } from '../../src/verification/examples/definitions';
import * as demand from '../../src/verification/examples/demand';
import * as doctest from '../../src/verification/examples/doctest';
import { leadingValue } from '../../src/verification/examples/example';
import { extractPythonExamples } from '../../src/verification/examples/python';
import { extractJavaScriptExamples } from '../../src/verification/examples/javascript';
import { extractExamples } from '../../src/verification/examples/index';
import { findAmbiguousExpectations } from '../../src/verification/examples/ambiguous-expectations';
import { readSnippet } from '../../src/verification/examples/snippet';
import { listFunctions, findSubject } from '../../src/verification/examples/subject';
import * as values from '../../src/verification/examples/values';
import { readStructure } from '../../src/activities/read-structure';
import { listFences } from '../../src/verification/program/fences';
import * as imports from '../../src/verification/program/imports';
import { fileNameIn, readInfo } from '../../src/verification/program/info';
import { createOpenText } from '../../src/verification/program/open-text';
import { isSession, toDoctest } from '../../src/verification/program/python-sessions';
import { createKeylessPolicy } from '../../src/access/policy';
import * as authority from '../../src/access/authority';
import { parseAddress, withoutSlash } from '../../src/api/address';
import { createKeyring } from '../../src/api/auth';
import { readClientAddress } from '../../src/api/client-address';
import { answerPing, readFrame } from '../../src/api/client-frames';
import { parseJson } from '../../src/api/json';
import { isTimeout } from '../../src/api/protocols/mcp/waiting-calls';
import { readStartedRun } from '../../src/api/started-runs';
import * as teamNames from '../../src/api/team-names';
import { measureAgreement } from '../../src/answers/agreement';
import * as earlierNames from '../../src/contract/earlier-names';
import { findDeclarations } from '../../src/answers/declared-line';
import { findLanguage } from '../../src/contract/languages';
import { isSummaryId } from '../../src/contract/memory';
import { makeOpening } from '../../src/events/opening';
import { readPlan } from '../../src/answers/plan';
import { repeatedShare } from '../../src/answers/repeated';
import { readPosition, withoutPosition } from '../../src/answers/position';
import { readProse } from '../../src/answers/prose';
import * as requests from '../../src/contract/requests';
import { shuffle } from '../../src/answers/shuffle';
import { SWARMS } from '../../src/contract/swarms';
import * as templates from '../../src/contract/templates';
import { readVerdict } from '../../src/answers/verdict';
import { lastLine } from '../../src/contract/verification';
import { PositionFilter } from '../../src/dashboard/markdown/position-filter';
import { visible } from '../../src/dashboard/markdown/visible';
import { showAddress } from '../../src/gateway/address';
import { isUnknownAuthority, wordFor } from '../../src/gateway/connection';
import * as errorText from '../../src/gateway/error-text';
import { EventStreamParser } from '../../src/gateway/event-stream';
import { connectCompatible } from '../../src/gateway/adapters/compatible';
import { isBlank } from '../../src/model-call/blank';
import { CodeLines } from '../../src/gateway/code-lines';
import { readComplaint } from '../../src/gateway/complaint';
import { firstChoice, readChoice } from '../../src/gateway/delta';
import { GatewayFailure } from '../../src/gateway/failures';
import { findFinishReason, readFinishReason } from '../../src/gateway/finish-reasons';
import { LoneEnd } from '../../src/gateway/lone-end';
import { findRule } from '../../src/gateway/request-fields';
import * as tokenCeiling from '../../src/gateway/token-ceiling';
import { ThinkingFilter } from '../../src/gateway/thinking';
import { lengthWithoutPartialMark, ThinkingBlock } from '../../src/gateway/thinking-block';
import { isClose, isLoneClose, readBeginning, TAGS } from '../../src/gateway/thinking-tags';
import { isPage, typeInWords } from '../../src/gateway/wording';
import * as errorDescription from '../../src/gateway/error-description';
import { chooseProxy, isLoopback } from '../../src/gateway/proxy';
import { quote, withoutKeys } from '../../src/gateway/quote';
import { isThinking } from '../../src/gateway/usage';
import { readDate, readDuration } from '../../src/gateway/durations';
import { readReset } from '../../src/gateway/rate-limit-headers';
import { readRequestedWait } from '../../src/gateway/requested-wait';
import { createAnswerText } from '../../src/local-model/answer-text';
import { parseChatRequest } from '../../src/local-model/chat-request';
import { buildPrompt } from '../../src/local-model/prompt';
import { isStuck } from '../../src/local-model/repetition';
import * as events from '../../src/redis/events';
import * as window from '../../src/redis/conversation-window';
import { isOutOfMemory } from '../../src/redis/maxmemory';
import * as javascript from '../../src/sandbox/host/javascript-literal';
import * as judge from '../../src/sandbox/host/judge';
import { readAssertion } from '../../src/sandbox/host/python-assertion';
import * as python from '../../src/sandbox/host/python-literal';
import { parsePython, splitStatements } from '../../src/sandbox/host/python-syntax';
import * as pythonLacks from '../../src/sandbox/guest/python-lacks';
import { toPrintable, toPrintableLine } from '../../src/printable';

export type Reader = (text: string) => unknown;

const NO_REJECTED_KEYS = { waitSeconds: () => Promise.resolve(0), note: () => Promise.resolve() };
const NO_OWN_SWARMS = { all: () => SWARMS, warning: () => undefined, close: () => undefined };
const SUBJECT = { name: 'f', parameters: ['a', 'b'], required: ['a'], open: false };
const ENDPOINT = {
  ...connectCompatible({ baseUrl: 'http://g', apiKey: 'key-1' }),
  label: 'G',
  secrets: ['key-2', 'a'],
};
const lines = (text: string) => text.split('\n');
const everyLine = (text: string, read: (lines: string[], at: number) => { next: number } | undefined) => {
  const all = lines(text);
  for (let at = 0; at < all.length;) at = read(all, at)?.next ?? at + 1;
};
/** Passes the text in small pieces, as a stream delivers it. */
const pieces = (text: string, take: (piece: string) => void) => {
  for (let at = 0; at < text.length; at += 20) take(text.slice(at, at + 20));
};
/** Bytes that a socket delivers at once. */
const AT_ONCE = 65_536;

/** Passes the text in packets of `packetLength` bytes. */
function readEvents(text: string, packetLength: number, onData: (data: string) => void = () => undefined): void {
  const bytes = Buffer.from(text);
  const events = new EventStreamParser(onData);
  try {
    for (let at = 0; at < bytes.length; at += packetLength) events.take(bytes.subarray(at, at + packetLength));
    events.end();
  } catch {
    // what clients cannot read ends the answer
  }
}
const orError = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};
const readThinking = (text: string) => {
  const sink = { onText: () => undefined, onThinking: () => undefined, onRetract: () => undefined };
  const filter = new ThinkingFilter(sink);
  pieces(text, (piece) => filter.take(piece));
  filter.finish(true);
};
const tokenizer = {
  turnStart: 1,
  turnEnd: 2,
  defaultSystemPrompt: undefined,
  tokenize: (text: string) => Array.from({ length: Math.ceil(text.length / 4) }, (_, i) => text.charCodeAt(4 * i)),
  detokenize: (tokens: readonly number[]) => String.fromCharCode(...tokens.slice(0, 100)),
};

/** Readers by module and exported name. */
export const READERS: Record<string, Record<string, Reader>> = {
  'access/authority': {
    parseAuthority: authority.parseAuthority,
    readAuthority: (text) => authority.readAuthority({ url: text, headersDistinct: { host: [text] } } as never),
  },
  'access/policy': {
    createKeylessPolicy: (text) => {
      const headers = { host: text, origin: `http://${text}`, 'sec-fetch-site': text };
      return createKeylessPolicy('127.0.0.1').refuse({
        url: '/',
        method: 'GET',
        headers,
        headersDistinct: { host: [text] },
      } as never);
    },
  },
  'verification/agreement/agreement': {
    compareOutcomes: (text) => agreement.compareOutcomes([[text], [text], [undefined]]),
  },
  'verification/agreement/probes': {
    makeProbes: (text) => makeProbes(text, [`def f(a): pass\n${text}`, `def f(a): pass\n${text}`]),
  },
  'verification/agreement/variants': { listVariants: (text) => listVariants(textLiteral(text)) },
  'verification/agreement/print': { print: (text) => print(textLiteral(text)) },
  'verification/extract-program': {
    isDocument,
    extractProgram: (text) => [extractProgram(text, ['a', 'collections']), extractProgram(`\`\`\`python\n${text}`)],
  },
  'verification/program/fences': { listFences: (text) => [listFences(text), listFences(`\`\`\`js\n${text}\n\`\`\``)] },
  'verification/program/imports': {
    listImports: (text) => [imports.listImports(text, true), imports.listImports(text, false)],
    listTopLevelNames: imports.listTopLevelNames,
    listUsedNames: (text) => imports.listUsedNames(text, 'a'),
    keysOfFile: imports.keysOfFile,
    fileOfModule: (text) => [imports.fileOfModule(text, 'py'), imports.fileOfModule(text, 'js')],
  },
  'verification/program/info': { readInfo, fileNameIn: (text) => lines(text).map(fileNameIn) },
  'verification/program/open-text': {
    createOpenText(text) {
      for (const language of ['python', 'js', '']) {
        const open = createOpenText(language);
        for (const line of lines(text)) open.take(line);
      }
    },
  },
  'verification/program/python-sessions': { isSession, toDoctest },
  'model-call/continuation': {
    trimPrefix: continuation.trimPrefix,
    chooseContinuation: (text) => continuation.chooseContinuation('instruct', text),
    continueFrom(text) {
      const continued = continuation.continueFrom(`Once upon a time${text}`, 'instruct', () => undefined);
      pieces(text, continued.take);
      continued.finish();
    },
    createPrefixJoin: (text) =>
      pieces(
        text,
        continuation.createPrefixJoin(`a${text}`, () => undefined),
      ),
  },
  'verification/examples/calls': {
    calls: (text) => everyLine(withinBounds(text), (all, at) => calls.calls(all, at, SUBJECT)),
    callsIn: calls.callsIn,
    callsWith: (text) => calls.callsWith(text, javascript.leadingJavaScriptArguments),
    wholeLine: (text) => everyLine(withinBounds(text), calls.wholeLine),
    countDepth: calls.countDepth,
  },
  'verification/examples/scan': {
    withinBounds,
    scan: (text) => scan(lines(withinBounds(text)), []),
  },
  'verification/examples/quoted': {
    QuotedStrings(text) {
      const strings = new QuotedStrings(text);
      for (const { index } of text.matchAll(/['"]/g)) strings.endAt(index);
    },
  },
  'verification/examples/definitions': { listCallableNames },
  'verification/examples/demand': {
    isDoubtful: (text) => demand.isDoubtful(text, text.length),
    rightValue: (text) => [
      demand.rightValue(text),
      demand.rightValue(`1 ${text}`),
      demand.rightValue(`1, but ${text}`),
    ],
    introducesReport: (text) => lines(text).map(demand.introducesReport),
  },
  'verification/examples/doctest': {
    doctest: (text) => everyLine(withinBounds(text), (all, at) => doctest.doctest(all, at, SUBJECT)),
    assertion: (text) => everyLine(text, doctest.assertion),
  },
  'verification/examples/example': { leadingValue: (text) => [leadingValue(text), leadingValue(`1 ${text}`)] },
  'verification/examples/python': { extractPythonExamples },
  'verification/examples/javascript': {
    extractJavaScriptExamples: (text) => [
      extractJavaScriptExamples(text, 'function f(a) {}'),
      extractJavaScriptExamples('`f(1)` returns 2', text),
    ],
  },
  'verification/examples/index': {
    extractExamples: (text) =>
      ['python', 'typescript'].map((language) =>
        extractExamples({ language, files: [{ path: 'main', text: `function f(a) {}\n${text}` }] }, text),
      ),
  },
  'verification/examples/ambiguous-expectations': {
    findAmbiguousExpectations: (text) => [
      findAmbiguousExpectations(text),
      findAmbiguousExpectations('in any order, approximately')(text),
    ],
  },
  'verification/examples/snippet': { readSnippet },
  'verification/examples/subject': { findSubject, listFunctions },
  'verification/examples/values': {
    inputAndOutput: (text) => everyLine(text, (all, at) => values.inputAndOutput(all, at, SUBJECT)),
    sentence: (text) => everyLine(text, (all, at) => values.sentence(all, at, SUBJECT)),
  },
  'activities/read-structure': { readStructure: (text) => readStructure('critic', `{${text}}`) },
  'api/address': { parseAddress: (text) => parseAddress({ url: `/runs?page=${text}` } as never), withoutSlash },
  'api/auth': {
    createKeyring: (text) => {
      const headers = { authorization: `Bearer ${text}` };
      const keyring = createKeyring({ API_KEYS: ['a:key'], TRUST_PROXY: 0 }, NO_REJECTED_KEYS);
      keyring.identify({ url: '/', headers, socket: {} } as never).catch(() => undefined);
    },
  },
  'api/client-address': {
    readClientAddress: (text) => readClientAddress({ socket: {}, headers: { 'x-forwarded-for': text } } as never, 1),
  },
  'api/json': {
    parseJson: (text) => [orError(() => parseJson(text, 'body')), orError(() => parseJson(`{"a":${text}`, 'frame'))],
  },
  'api/client-frames': {
    answerPing: (text) => answerPing(text as never),
    readFrame: (text) =>
      [
        text,
        JSON.stringify({ team_id: text, task: text }),
        JSON.stringify({ type: text, run_id: text }),
        JSON.stringify({ run_id: 'a', after: text }),
      ].map((frame) => orError(() => readFrame(frame as never).read())),
  },
  'api/protocols/mcp/waiting-calls': { isTimeout },
  'api/started-runs': { readStartedRun },
  'api/team-names': {
    findSwarmByName: (text) => teamNames.findSwarmByName(NO_OWN_SWARMS, text),
    toSwarmId: (text) => teamNames.toSwarmId(NO_OWN_SWARMS, `${text}-team`),
  },
  'contract/earlier-names': {
    withEarlierNames: (text) =>
      earlierNames.withEarlierNames(requests.executeRequest).safeParse({ team: text, [text]: text }),
  },
  'answers/agreement': {
    measureAgreement: (text) => measureAgreement([text, `${text} and more`]),
  },
  'answers/declared-line': { findDeclarations: (text) => findDeclarations(text, 'VERDICT') },
  'contract/languages': { findLanguage },
  'contract/memory': { isSummaryId },
  'answers/position': { readPosition, withoutPosition },
  'answers/prose': { readProse },
  'events/opening': { makeOpening: (text) => makeOpening({ message: text } as never) },
  'answers/plan': { readPlan },
  'answers/repeated': { repeatedShare: (text) => repeatedShare(text, [text, text]) },
  'contract/requests': {
    cursorText: (text) => requests.cursorText.safeParse(`1-${text}`),
    executeRequest: (text) => requests.executeRequest.safeParse({ swarm_id: text, message: text, session_id: text }),
    listRunsQuery: (text) =>
      requests.listRunsQuery.safeParse({ swarm: text, session: text, status: text, page: text, limit: text }),
    eventsQuery: (text) => requests.eventsQuery.safeParse({ after: text, wait: text }),
  },
  'answers/shuffle': { shuffle: (text) => shuffle([1, 2, 3], text) },
  'contract/templates': {
    findVariableFault: (text) => templates.findVariableFault(text, ['task']),
    listTemplateVariables: templates.listTemplateVariables,
    fillTemplate: (text) => templates.fillTemplate(text, { task: ['a'] }),
  },
  'answers/verdict': { readVerdict },
  'contract/verification': { lastLine },
  'dashboard/markdown/position-filter': {
    PositionFilter: (text) => {
      const passed: string[] = [];
      const next = { append: (piece: string) => passed.push(piece), reset() {}, resumed() {}, finish() {} };
      const filter = new PositionFilter(next);
      for (let i = 0; i < text.length; i += 100) filter.append(text.slice(i, i + 100));
      filter.finish();
      return passed;
    },
  },
  'dashboard/markdown/visible': { visible },
  'gateway/address': { showAddress },
  'gateway/connection': { wordFor: (text) => wordFor(new Error(text)), isUnknownAuthority },
  'gateway/error-text': {
    unwrapError: (text) => errorText.unwrapError([{ error: text }]),
    findSentence: (text) => errorText.findSentence({ detail: [{ msg: text }], message: text }),
    findRetryDelay: (text) => errorText.findRetryDelay({ raw: text, retryDelay: text }),
    findQuotas: (text) => errorText.findQuotas({ quotaId: text, raw: text }),
    withoutForeignKeys: errorText.withoutForeignKeys,
  },
  'gateway/quote': {
    quote: (text) => quote(text, ENDPOINT),
    withoutKeys: (text) => withoutKeys(text, ENDPOINT),
  },
  'gateway/proxy': {
    isLoopback,
    chooseProxy: (text) => chooseProxy('http://a.test', { HTTP_PROXY: 'http://p.test', NO_PROXY: `${text},a.test` }),
  },
  'gateway/usage': { isThinking: (text) => isThinking({ reasoning: text }) },
  'gateway/event-stream': {
    EventStreamParser: (text) => readEvents(text, 100),
    'EventStreamParser, as an answer': (text) => readEvents(text, AT_ONCE, (data) => JSON.parse(data) as unknown),
  },
  'gateway/code-lines': {
    CodeLines(text) {
      const lines = new CodeLines();
      pieces(text, (piece) => lines.take(piece));
      return [lines.before, lines.isInCode];
    },
  },
  'gateway/complaint': {
    readComplaint: (text) => [
      readComplaint(new Error(text)),
      readComplaint({ message: text, detail: lines(text), metadata: { raw: `{"a":"${text}` } }),
    ],
  },
  'gateway/delta': {
    readChoice: (text) => orError(() => readChoice({ delta: { content: [text, { type: text, text }], [text]: text } })),
    firstChoice: (text) => orError(() => firstChoice({ [text]: [{ content: text }] })),
  },
  'gateway/finish-reasons': {
    readFinishReason,
    findFinishReason: (text) => findFinishReason({ finish_reason: text }),
  },
  'gateway/lone-end': {
    LoneEnd(text) {
      const end = new LoneEnd();
      let found: unknown;
      // nothing more is passed once the end is found
      pieces(`a</think> ${text}`, (piece) => void (found ??= end.take(piece)));
      return (found ??= end.take('', true));
    },
  },
  'gateway/request-fields': {
    findRule: (text) => {
      const failure = new GatewayFailure('GATEWAY_REFUSED_REQUEST', text, { action: 'fail' }, undefined);
      return findRule(failure, { status: 400, fields: lines(text), words: text }, { temperature: 1, stream: true });
    },
  },
  'gateway/thinking': {
    ThinkingFilter: (text) => [text, `<think>${text}`, `<think ${text}`, `a ${text}`].map(readThinking),
  },
  'gateway/thinking-block': {
    lengthWithoutPartialMark,
    ThinkingBlock(text) {
      const block = new ThinkingBlock(TAGS[0]!);
      pieces(text, (piece) => void block.take(piece));
      return [block.take('', true), block.answerAfterDoubt()];
    },
  },
  'gateway/thinking-tags': { readBeginning, isClose, isLoneClose },
  'gateway/wording': {
    typeInWords: (text) => [400, 403].map((status) => typeInWords(status, text)),
    isPage,
  },
  'model-call/blank': { isBlank },
  'gateway/error-description': {
    describeErrorBody: (text) => errorDescription.describeErrorBody(text, ENDPOINT),
    'describeErrorBody, of all fields': (text) =>
      errorDescription.describeErrorBody(
        { message: text, code: text, metadata: { raw: text, reasons: lines(text), headers: { [text]: text } } },
        ENDPOINT,
      ),
    describeThrownError: (text) =>
      errorDescription.describeThrownError(new APIError(400, { message: text }, text, new Headers()), ENDPOINT),
  },
  'gateway/durations': { readDuration, readDate: (text) => readDate(text, 0) },
  'gateway/rate-limit-headers': {
    readReset: (text) => readReset(new Map([['ratelimit', text]]), 0, true),
    'readReset, of pairs': (text) => readReset(new Map([['x-ratelimit-reset-requests', text]]), 0, true),
    'readReset, of names': (text) =>
      readReset(
        new Map([
          [text, '1s'],
          [`x-ratelimit-${text}`, '1s'],
        ]),
        0,
        true,
      ),
  },
  'gateway/token-ceiling': {
    findCeiling: (text) => tokenCeiling.findCeiling(text, 10_000),
    isAboutLimit: tokenCeiling.isAboutLimit,
    isAboutAmount: tokenCeiling.isAboutAmount,
  },
  'gateway/requested-wait': {
    readRequestedWait: (text) => [
      readRequestedWait(new Map([['retry-after', text]]), 0),
      readRequestedWait(new Map([['retry-after-ms', text]]), 0),
      readRequestedWait(new Map([['x-ratelimit-reset-requests', `1s${text}`]]), 0),
    ],
  },
  'local-model/answer-text': {
    createAnswerText(text) {
      const answer = createAnswerText((tokens) => String.fromCodePoint(...tokens), [text.slice(0, 1000), 'never said']);
      pieces(text.slice(1), (piece) => answer.pushText(piece));
    },
  },
  'local-model/chat-request': {
    parseChatRequest(text) {
      for (const body of [
        text,
        JSON.stringify({ model: text, messages: [{ role: 'user', content: text }], stop: text.slice(0, 10) || 'a' }),
      ]) {
        try {
          parseChatRequest(body);
        } catch {
          /* rejected */
        }
      }
    },
  },
  'local-model/prompt': {
    buildPrompt: (text) =>
      buildPrompt(
        [
          { role: 'user', text },
          { role: 'assistant', text },
        ],
        tokenizer as never,
      ),
  },
  'local-model/repetition': { isStuck: (text) => isStuck(tokenizer.tokenize(text)) },
  'redis/events': {
    parseCursor: events.parseCursor,
    isBefore: (text) => events.isBefore(text, `1-${text}`),
    isNext: (text) => events.isNext(text, `1-${text}`),
    computeTag: events.computeTag,
    isPlaceInRun: (text) => events.isPlaceInRun(text, { generation: text, seq: 1 }),
  },
  'redis/maxmemory': { isOutOfMemory: (text) => isOutOfMemory(new Error(text)) },
  'redis/conversation-window': {
    estimateTokens: window.estimateTokens,
    takeNewest: (text) => window.takeNewest([{ role: 'user', content: text }] as never, 1000),
    buildContext: (text) => window.buildContext(text, [{ role: 'user', content: text }] as never, 1000),
    selectForSummary: (text) =>
      window.selectForSummary(
        text,
        [
          { role: 'user', content: text },
          { role: 'assistant', content: text },
        ] as never,
        1000,
        10,
      ),
  },
  'sandbox/host/judge': {
    findFault(text) {
      const step = { name: 'a', origin: 'request', main: false } as never;
      const expectation = { source: 'f(1)', expected: text, interpreter: 'python', isReturned: true };
      return judge.findFault(step, { expectation } as never, { ended: true, value: ` ${text}` }, text);
    },
    readValue: (text) => judge.readValue('python', undefined, text),
  },
  'sandbox/host/python-assertion': {
    readAssertion: (text) => [readAssertion(text), readAssertion(`assert f(${text}) == 1`)],
  },
  'sandbox/host/python-syntax': { parsePython, splitStatements },
  'sandbox/guest/python-lacks': {
    findLack: (text) =>
      ['IndexError', 'KeyError'].map((type) =>
        pythonLacks.findLack({ type, text, hasReadInput: true, writesFiles: false }),
      ),
    isGiven: pythonLacks.isGiven,
    writesFiles: pythonLacks.writesFiles,
  },
  printable: { toPrintable, toPrintableLine },
  'sandbox/host/javascript-literal': {
    equalValues: (text) => javascript.equalValues(text, text),
    leadingJavaScript: javascript.leadingJavaScript,
    leadingJavaScriptArguments: javascript.leadingJavaScriptArguments,
  },
  'sandbox/host/python-literal': {
    equalLiterals: (text) => python.equalLiterals(text, text),
    leadingLiteral: python.leadingLiteral,
    leadingArguments: python.leadingArguments,
    canonical: python.canonical,
  },
};

/** Exports of the same modules that parse no text, or only the output of another reader here. */
export const OTHER_EXPORTS: Record<string, string[]> = {
  'events/opening': ['openingEvent'],
  'verification/agreement/variants': ['whole', 'text', 'list'],
  'model-call/continuation': ['isRefusedContinuation'],
  'verification/examples/example': ['toExample'],
  'verification/examples/subject': ['takes', 'writeCall'],
  'api/auth': ['requireKey'],
  'access/policy': ['createAccessPolicy'],
  'api/client-frames': ['toScope', 'writePong'],
  'api/protocols/mcp/waiting-calls': ['findAbandonedRun', 'holdCall', 'cancelCall'],
  'api/started-runs': ['createStartedRuns'],
  'answers/agreement': ['findMajority'],
  'verification/program/imports': ['keysOfImports'],
  'contract/memory': ['summaryRequest', 'shorterRequest'],
  'contract/verification': [
    ...['countChecks', 'isVerified', 'decisive', 'isTested', 'isDemanded', 'compareReports'],
    ...['withVerification', 'describeVerification', 'describeChecks', 'describeAgreement', 'summariseChecks'],
  ],
  'gateway/address': ['addressOfPath'],
  'gateway/connection': ['rootCause', 'isUnsent', 'UnsentRequest'],
  'gateway/usage': ['UsageReader'],
  'gateway/error-description': ['toErrorDescription', 'describeUnreachable', 'describeRedirect'],
  'gateway/delta': ['UnreadableFrame'],
  'gateway/event-stream': ['EventCutter'],
  'gateway/request-fields': ['applyRules', 'isNew', 'nameModelSettings', 'createLocalFieldMemory'],
  'gateway/thinking-tags': ['createMarkPattern', 'createPattern'],
  'redis/events': ['createEventReader', 'hasEnd', 'readAll'],
  'redis/maxmemory': ['retryWhileFull', 'describeMemory', 'readRedisMemory'],
  'redis/conversation-window': ['computeSummaryTokens'],
  'sandbox/host/judge': ['hasLeftWell'],
  'sandbox/host/python-syntax': ['listChildren', 'listStatements'],
};

/** Modules whose expressions see only configuration, names and ids of limited length, or single characters. */
export const OTHER_MODULES: string[] = [
  'events/run-state',
  'dashboard/parts/status',
  'dashboard/parts/verdict-card',
  'dashboard/markdown/save',
  // settings, and files and programs of the operator
  ...[
    'config/config',
    'worker/deployment',
    'config/traffic',
    'config/swarms-file',
    'redis/connect',
    'temporal/connection',
    'config/setting-types',
    'gateway/fetch-path',
    'gateway/models',
    'sandbox/host/commands',
    'temporal/namespace',

    'worker/workflow-threads',
    'redis/requirements',
    'cli/announce',
    'dev-stack/build',
    'dev-stack/bundle-dashboard',
    'dev-stack/bundle-processes',
    'bundle',
    'dev-stack/human-eval',
    'dev-stack/model-mirror',
    'dev-stack/models',
    'dev-stack/ports',
    'dev-stack/private-folder',
    'dev-stack/services',
  ],
  ...[
    'local-model/command-line',
    'local-model/llama-model',
    'config/own-swarms',
    'contract/swarms',
    'config/swarm-references',
    // names of roles and stages
    'contract/turn-names',
  ],
  // names, ids and header values that a schema or Node has limited; bodies are read as streams
  ...['api/access', 'api/dashboard', 'api/read-body', 'api/run-list', 'api/wait'],
  ...['api/routing/router', 'api/turn-prompts', 'api/protocols/openai/errors'],
  ...['api/protocols/earlier-clients/run', 'gateway/client', 'gateway/probe', 'gateway/adapters/portkey'],
  ...['dashboard/parts/lane', 'dashboard/parts/run-tile', 'dashboard/parts/turn-notes'],
  ...['dashboard/state/lanes', 'dashboard/state/run-graph', 'dashboard/state/run-order'],
  ...['dashboard/parts/commands', 'dashboard/parts/tags-field', 'dashboard/views/run-list'],
  // one line end at the end of a text
  'dashboard/state/line-diff',
  // one character at a time: halves of surrogate pairs, white space, signs of HTML, controls
  ...[
    'log',
    'model-call/publish',
    'gateway/text-bytes',
    'activities/run-records',
    'activities/verify-code',
    'api/runs',
    'api/search-attributes',
    'dashboard/markdown/render',
  ],
  // syntax highlighting, limited to 30,000 characters and without the constructs that are slow in its grammars
  'dashboard/markdown/highlight',
  // the guest's side, in a separate process with a time limit
  ...['sandbox/guest/freeze-intrinsics', 'sandbox/guest/pyodide-imports', 'sandbox/guest/packages'],
  ...[
    'sandbox/guest/close-globals',
    'sandbox/guest/javascript',
    'sandbox/guest/strip',
    'sandbox/guest/python',
    'sandbox/host/report',
  ],
  // a step that the readers of literals share, and reports, which are limited on arrival
  ...['sandbox/host/literal-reader', 'sandbox/host/report'],
  // chooses the compiler, whose process has limits
  'sandbox/host/compile',
  // output of the kernel and our own processes
  ...['sandbox/host/image', 'sandbox/host/isolation', 'sandbox/host/resident-memory'],
];
