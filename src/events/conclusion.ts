/** The conclusion of a debate or of a review in short, from the records of a result. Pure. */
import type { Conclusion } from '../contract/replies';
import type { StageResult, Verdict } from '../contract/runs';
import type { DebateRecord, Structures } from '../contract/structures';

/** Null if the run has neither. */
export function summariseConclusion(
  { debate, judge }: Pick<Structures, 'debate' | 'judge'> = {},
  stages: readonly StageResult[] = [],
): Conclusion | null {
  const review = findVerdict(stages);
  if (!debate && !judge && !review) return null;
  const { decision, confidence_score: confidence } = judge ?? { decision: null, confidence_score: null };
  return { decision, confidence, ...(debate ? summariseDebate(debate) : NO_DEBATE), review };
}

const NO_DEBATE = { stance: null, agreement: null, agreed: null, dissent: [] };

/** The verdict of the last review. */
function findVerdict(stages: readonly StageResult[]): Verdict | null {
  return stages.findLast(({ verdict }) => verdict !== undefined)?.verdict ?? null;
}

function summariseDebate({ majority, agreement, agreed, dissent, voices }: DebateRecord) {
  const labels = new Map(voices.map(({ role, label }) => [role, label]));
  return {
    stance: majority,
    agreement: agreement.at(-1) ?? null,
    agreed,
    dissent: dissent.map((role) => labels.get(role) ?? role),
  };
}
