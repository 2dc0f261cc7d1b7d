/** All activities, built around what they depend on. Workflows know them by the type only. */
import { readStructure } from './read-structure';
import { createRunRecords, type RecordDependencies } from './run-records';
import { createSessionActivities, type SessionDependencies } from './sessions';
import { createSummaries } from './summaries';
import { createTakeTurn, type TurnDependencies } from './take-turn';

export function createActivities(dependencies: TurnDependencies & RecordDependencies & SessionDependencies) {
  return {
    takeTurn: createTakeTurn(dependencies),
    ...createRunRecords(dependencies),
    ...createSessionActivities(dependencies),
    ...createSummaries(dependencies),
    readStructure,
  };
}

export type Activities = ReturnType<typeof createActivities>;
