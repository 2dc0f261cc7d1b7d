/** User-defined swarms, read from a file as the API does. */
import path from 'node:path';
import { readSwarmsFile } from '../../src/config/swarms-file';
import type { SwarmDefinition } from '../../src/contract';

const OWN = readSwarmsFile(path.join(__dirname, 'own-swarms.yaml'));

/** Returns the swarm with that id in `own-swarms.yaml`. */
export function ownSwarm(id: string): SwarmDefinition {
  const found = OWN.find((swarm) => swarm.id === id);
  if (!found) throw new Error(`own-swarms.yaml has no swarm "${id}".`);
  return found;
}
