/** The answers of a good model, for innocent runs and for hostile runs in which nothing else is to be awkward. */
import { PLAN_HEADINGS } from '../../src/answers/plan';
import type { Reply } from '../support/scripted-gateway';
import { writeMarker } from './marker';
import type { Asked, Prompt } from './prompt';

/** The request of innocent runs that write code; `writeCode` returns a matching program. */
export const FAIR_TASK =
  'Write a Python function double(x) that doubles a number.\nassert double(2) == 4\nassert double(21) == 42';

const FINDINGS = {
  verdict: 'pass',
  findings: {
    security: [],
    data_integrity: [],
    logic_correctness: [],
    performance: [],
    usability: [],
    maintainability: [],
  },
  must_fix: [],
  nice_to_have: [],
  confidence_score: 0.9,
};
const DECISION = {
  decision: 'accept',
  rationale: ['All are for it.'],
  runner_instructions: [],
  confidence_score: 0.9,
  quality_score: 0.7,
};

/** The answer to one call. Its first words differ for each call of a run. */
export function writeFairAnswer({ asked, call, marker }: Prompt): string {
  // prompts for structures contain nothing but an earlier answer
  const name = `Answer ${call + 1} of ${writeMarker(marker)}`;
  return WRITERS[asked](name);
}

const WRITERS: Record<Asked, (name: string) => string> = {
  plan: (name) =>
    Object.values(PLAN_HEADINGS)
      .map((heading, i) => `${heading}\n${writeSentences(`${name}, part ${i + 1}`, 4)}`)
      .join('\n\n'),
  critique: (name) => `1. ${writeSentences(name, 3)}`,
  code: (name) =>
    `\`\`\`python\n# ${name} 🐦\ndef double(x):\n    return x * 2\n\n\nif __name__ == "__main__":\n    assert double(0) == 0\n    assert double(-3) == -6\n\`\`\`\nCall double with a number.`,
  review: (name) => `VERDICT: PASS\n${name} finds that the program does what the task asks.`,
  voice: (name) => `POSITION: for, CONFIDENCE: 80\n${writeSentences(name, 5)}`,
  summary: (name) => `## Consensus\n${writeSentences(name, 3)}\n## Recommendation\nDo it — «für alle».`,
  'verdict summary': (name) => `VERDICT: PASS\n## Consensus\n${writeSentences(name, 3)}`,
  'findings as data': (name) => JSON.stringify({ ...FINDINGS, nice_to_have: [`${name}.`] }),
  'decision as data': (name) => JSON.stringify({ ...DECISION, runner_instructions: [`${name}.`] }),
  text: (name) => writeSentences(name, 6),
};

function writeSentences(name: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `${name} says in sentence ${i + 1} what a flock does.`).join(' ');
}

const PIECE = /[\s\S]{1,8}/gu;

/** Streams a text at reading speed: pieces of at most eight characters every 40 ms. */
export function speakSteadily(text: string): Reply {
  return { tokens: text.match(PIECE) ?? [], intervalMs: 40, firstTokenMs: 20 };
}

/** Streams the same text without delay, in few pieces. */
export function speakAtOnce(text: string): Reply {
  return { tokens: text.match(/[\s\S]{1,4000}/gu) ?? [] };
}
