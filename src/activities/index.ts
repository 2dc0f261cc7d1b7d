/** All activities, built around what they depend on. Workflows know them by the type only. */
import { createCompareDrafts } from './compare-drafts';
import { readStructure } from './read-structure';
import { createRunRecords, type RecordDependencies } from './run-records';
import { createSessionActivities, type SessionDependencies } from './sessions';
import { createSummaries } from './summaries';
import { createTakeTurn, type TurnDependencies } from './take-turn';
import { createVerifyCode, type VerifyDependencies } from './verify-code';

type Dependencies = TurnDependencies & RecordDependencies & SessionDependencies & VerifyDependencies;

export function createActivities(dependencies: Dependencies) {
  return {
    takeTurn: createTakeTurn(dependencies),
    verifyCode: createVerifyCode(dependencies),
    compareDrafts: createCompareDrafts(dependencies),
    ...createRunRecords(dependencies),
    ...createSessionActivities(dependencies),
    ...createSummaries(dependencies),
    readStructure,
  };
}

export type Activities = ReturnType<typeof createActivities>;
