/**
 * The protocol between a parent and its child: one request at a time, each with a fresh secret that its answer must repeat. A frame is a
 * length of four bytes (big endian), followed by JSON in UTF-8.
 */
import type { SourceFile } from '../../contract/checks';
import type { Discovery, Mode, ExecutionPlan, StepOutcome } from './engine';

/** Requests arrive on the first descriptor; answers are written to the second. */
export const REQUEST_FD = 3;
export const ANSWER_FD = 4;
export const HEADER_BYTES = 4;
/** The maximum length of a frame from a child, without its header. Bytes. */
export const ANSWER_LIMIT = 256 * 1024;
/** The maximum number of characters in one output frame. */
export const OUTPUT_PIECE = 16 * 1024;
/** A child buffers this number of characters before it sends an output frame during a step. */
export const OUTPUT_BATCH = 4096;

/** The maximum number of characters of texts in an answer. */
export const NAME_LIMIT = 200;
export const ERROR_LIMIT = 2000;
export const VALUE_LIMIT = 32 * 1024;
/** The maximum number of tests in one answer, and of missing packages. */
export const TESTS_PER_ANSWER = 100;
export const MOST_MISSING = 20;

/** `files` are the program; the first is its main file. Expected values are never sent. */
export type Request =
  | { kind: 'prepare'; files: SourceFile[]; ownTests: boolean }
  | { kind: 'load' }
  | { kind: 'check'; code: string; mode: Mode }
  | { kind: 'discover' }
  | { kind: 'test'; index: number };

export interface CommandReplies {
  prepare: ExecutionPlan;
  load: StepOutcome;
  check: StepOutcome;
  discover: Discovery;
  test: StepOutcome;
}

export type SealedRequest = Request & { secret: string };

/** `warm` is sent once, before the first request; `output` may be sent while a request is being answered. */
export type Message =
  | { kind: 'warm' }
  | { kind: 'output'; text: string }
  | { kind: 'answer'; secret: string; result: CommandReplies[keyof CommandReplies] };

/** The exit code of a child whose program exceeded the output limit. */
export const OUTPUT_OVERRUN = 86;
/** The exit code of a child whose program used something that no program needs. */
export const TAMPERED = 87;
