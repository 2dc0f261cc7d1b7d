/** Reads a plan's four parts by its headings, and reports missing and weak parts. Part of the workflow bundle. */
import { PLAN_PARTS, type PlanPart } from '../contract/names';
import type { Plan } from '../contract/structures';

const PATTERNS: Record<PlanPart, RegExp> = {
  architecture: /architecture/i,
  steps: /\bsteps?\b|implementation/i,
  challenges: /challenges?|risks?/i,
  resources: /resources?|requirements?/i,
};

/** The headings that the strategist's prompt asks for. */
export const PLAN_HEADINGS: Record<PlanPart, string> = {
  architecture: '## 1. High-level architecture',
  steps: '## 2. Implementation steps',
  challenges: '## 3. Potential challenges',
  resources: '## 4. Resource requirements',
};

/** Minimum number of words of a useful part. */
const FEWEST_WORDS = 20;
/** How much of a part is searched for words. UTF-16 units. */
const COUNTED = 10_000;
/** How much of a plan is searched for headings, because this runs in a workflow; the last part extends to the end. UTF-16 units. */
const EXAMINED = 100_000;
/** Maximum number of headings that are read. */
const MOST_HEADINGS = 1000;
/** Maximum length of a heading's line. UTF-16 units. */
const LONGEST_HEADING = 2000;

interface Heading {
  /** The number of `#` signs; bold lines rank below all of these. */
  rank: number;
  text: string;
}
const BOLD = 7;

/** A line that may start a part: its start and end offsets, and whether it is in a code block. */
interface Place extends Heading {
  start: number;
  end: number;
  inCode: boolean;
}

type Sections = Partial<Record<PlanPart, string>>;

/** Reads the parts of a text. Uses the heading rank at which most parts are found, so that sub-headings stay inside their part. */
export function readPlan(text: string): Plan {
  const places = findHeadings(text);
  const ranks = [...new Set(places.map(({ rank }) => rank))];
  const readings = ranks.map((rank) => sectionsAt(rank, places, text));
  const size = (sections: Sections) => Object.keys(sections).length;
  const best = readings.reduce<Sections>((most, one) => (size(one) > size(most) ? one : most), {});
  return {
    ...(Object.fromEntries(PLAN_PARTS.map((name) => [name, best[name] ?? ''])) as Record<PlanPart, string>),
    missing: PLAN_PARTS.filter((name) => best[name] === undefined),
    weak: PLAN_PARTS.filter((name) => best[name] !== undefined && isThin(best[name])),
  };
}

function findHeadings(text: string): Place[] {
  const places: Place[] = [];
  let inCode = false;
  let start = 0;
  for (const line of text.slice(0, EXAMINED).split('\n')) {
    const end = start + line.length;
    const content = line.length > LONGEST_HEADING ? '' : line.trim();
    if (content.startsWith('```')) inCode = !inCode;
    const heading = readHeading(content);
    if (heading) places.push({ ...heading, start, end, inCode });
    if (places.length === MOST_HEADINGS) break;
    start = end + 1;
  }
  return places;
}

function sectionsAt(rank: number, places: readonly Place[], text: string): Sections {
  const found = new Map<PlanPart, Place>();
  for (const place of places) {
    if (place.rank !== rank || place.inCode) continue;
    const part = PLAN_PARTS.find((name) => !found.has(name) && PATTERNS[name].test(place.text));
    if (part) found.set(part, place);
    if (found.size === PLAN_PARTS.length) break;
  }
  const ends = [...found.values()].slice(1).map(({ start }) => start);
  return Object.fromEntries([...found].map(([part, { end }], i) => [part, text.slice(end, ends[i]).trim()]));
}

/** Parses a trimmed line as a heading: `#` signs, or bold text with an optional number before it. */
function readHeading(line: string): Heading | undefined {
  const [mark, signs] = /^(?:(#{1,6})\s|\*\*|\d+[.)]\s+\*\*)/.exec(line) ?? [];
  if (mark === undefined || mark.length === line.length) return undefined;
  const rest = line.slice(mark.length).trimStart();
  const plain = rest.length > 1 && rest.endsWith(':') ? rest.slice(0, -1) : rest;
  const text = plain.length > 2 && plain.endsWith('**') ? plain.slice(0, -2) : plain;
  return { rank: signs?.length ?? BOLD, text };
}

function isThin(text: string): boolean {
  const words = text.slice(0, COUNTED).matchAll(/[\p{L}\p{N}]+/gu);
  for (let count = 0; count < FEWEST_WORDS; count++) if (words.next().done) return true;
  return false;
}
