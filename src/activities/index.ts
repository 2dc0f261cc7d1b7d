/** All activities, created with their dependencies. Workflows import only the type. */
import { createCompareDrafts } from './compare-drafts';
import { createFailTurn } from './fail-turn';
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
    failTurn: createFailTurn(dependencies),
    verifyCode: createVerifyCode(dependencies),
    compareDrafts: createCompareDrafts(dependencies),
    ...createRunRecords(dependencies),
    ...createSessionActivities(dependencies),
    ...createSummaries(dependencies),
    readStructure,
  };
}

export type Activities = ReturnType<typeof createActivities>;
