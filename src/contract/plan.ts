/** Reads a plan's four parts from its headings, and says which are missing or too thin to be of use. Part of the workflow bundle. */

/** The parts that a plan must have, by the words that their headings hold. */
const PARTS = {
  architecture: /architecture/i,
  steps: /\bsteps?\b|implementation/i,
  challenges: /challenges?|risks?/i,
  resources: /resources?|requirements?/i,
};
export type PlanPart = keyof typeof PARTS;

/** Headings as the strategist is asked for them. */
export const PLAN_HEADINGS: Record<PlanPart, string> = {
  architecture: '## 1. High-level architecture',
  steps: '## 2. Implementation steps',
  challenges: '## 3. Potential challenges',
  resources: '## 4. Resource requirements',
};
const NAMES = Object.keys(PARTS) as PlanPart[];

/** A plan as data. The texts are Markdown as the plan has them. */
export interface Plan {
  architecture: string;
  steps: string;
  challenges: string;
  resources: string;
  /** Parts that the plan does not have, and parts that say less than a part must. */
  missing: PlanPart[];
  weak: PlanPart[];
}

/** A part below this says nothing that one could act on. Words. */
const FEWEST_WORDS = 20;
const HEADING = /^(#{1,6}\s+|\*\*|\d+[.)]\s+\*\*)(.+?)(?:\*\*)?:?\s*$/;

type Sections = Partial<Record<PlanPart, string>>;

/** The parts of a text. Its headings are those of the rank at which most parts are found, so that sub-headings stay inside. */
export function readPlan(text: string): Plan {
  const lines = text.split('\n');
  const ranks = [...new Set(lines.flatMap((line) => headingOf(line)?.rank ?? []))];
  const readings = ranks.map((rank) => sectionsAt(rank, lines));
  const size = (sections: Sections) => Object.keys(sections).length;
  const best = readings.reduce<Sections>((most, one) => (size(one) > size(most) ? one : most), {});
  return {
    ...(Object.fromEntries(NAMES.map((name) => [name, best[name] ?? ''])) as Record<PlanPart, string>),
    missing: NAMES.filter((name) => best[name] === undefined),
    weak: NAMES.filter((name) => best[name] !== undefined && words(best[name]) < FEWEST_WORDS),
  };
}

function sectionsAt(rank: number, lines: string[]): Sections {
  const found = new Map<PlanPart, string[]>();
  let open: string[] | undefined;
  let inCode = false;
  for (const line of lines) {
    if (/^\s*```/.test(line)) inCode = !inCode;
    const heading = inCode ? undefined : headingOf(line);
    const part = heading?.rank === rank && NAMES.find((name) => !found.has(name) && PARTS[name].test(heading.text));
    if (part) found.set(part, (open = []));
    else open?.push(line);
  }
  return Object.fromEntries([...found].map(([part, body]) => [part, body.join('\n').trim()]));
}

/** A heading by number signs, or a line in bold, which ranks below them. */
function headingOf(line: string): { rank: number; text: string } | undefined {
  const [, mark, text] = HEADING.exec(line.trim()) ?? [];
  if (!mark || !text) return undefined;
  return { rank: mark.startsWith('#') ? mark.trim().length : BOLD, text };
}
const BOLD = 7;

function words(text: string): number {
  return text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
}
