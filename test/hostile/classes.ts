/** The classes of hostile actions and their concurrency, which is bounded so that innocent runs could be served at the same time. */
import type { Kind } from './action';
import { ANSWERS } from './answers';
import { CONTROLS } from './controls';
import { FRAMES } from './frames';
import { MESSAGES } from './messages';
import { JAVASCRIPT_PROGRAMS } from './javascript-programs';
import { PYTHON_PROGRAMS } from './python-programs';
import { REQUESTS } from './requests';
import { REVIEWS } from './reviews';

interface ActionClass {
  kinds: readonly Kind[];
  /** Concurrent actions; a class with none runs only on request. */
  lanes: number;
  /** The pause between two actions of a lane. */
  pauseMs: number;
}

export const CLASSES = {
  messages: { kinds: MESSAGES, lanes: 2, pauseMs: 300 },
  answers: { kinds: ANSWERS, lanes: 2, pauseMs: 300 },
  programs: { kinds: [...PYTHON_PROGRAMS, ...JAVASCRIPT_PROGRAMS], lanes: 3, pauseMs: 300 },
  reviews: { kinds: REVIEWS, lanes: 2, pauseMs: 500 },
  frames: { kinds: FRAMES, lanes: 1, pauseMs: 500 },
  requests: { kinds: REQUESTS, lanes: 2, pauseMs: 100 },
  controls: { kinds: CONTROLS, lanes: 0, pauseMs: 0 },
} as const satisfies Record<string, ActionClass>;
export type ClassName = keyof typeof CLASSES;
