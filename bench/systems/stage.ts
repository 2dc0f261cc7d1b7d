/** Everything that a run needs: gateway, servers, and the systems side by side. */
import type { RemoteGateway, SpawnedGateway } from '../../test/support/scripted-gateway/spawn';
import { spawnScriptedGateway } from '../../test/support/scripted-gateway/spawn';
import { createSseClient } from '../client/sse';
import { createWebSocketClient } from '../client/websocket';
import type { Crew } from '../crew';
import { startDirect } from './direct';
import { startProduct } from './product';
import { startServers, type ServerPrograms, type Servers } from './servers';
import type { Subject, SubjectName, System } from './system';

export interface Stage {
  gateway: RemoteGateway;
  subjects: Subject[];
  redisUrl: string;
  stop(): Promise<void>;
}

export interface StageOptions {
  root: string;
  /** Another checkout of this repository, built, to be measured beside this one. */
  against: string | undefined;
  programs: ServerPrograms;
}

export async function setStage(crew: Crew, options: StageOptions): Promise<Stage> {
  const gateway = await spawnScriptedGateway();
  try {
    const servers = await startServers(crew, options.programs);
    const subjects = await startSubjects(crew, gateway, servers, options);
    return { gateway, subjects, redisUrl: servers.redisUrl, stop: () => leave(crew, gateway) };
  } catch (error) {
    await leave(crew, gateway);
    throw error;
  }
}

async function startSubjects(
  crew: Crew,
  { url: gatewayUrl }: RemoteGateway,
  servers: Servers,
  { root, against }: StageOptions,
): Promise<Subject[]> {
  const direct = await startDirect(crew, gatewayUrl);
  const ours = await startProduct(crew, servers, { name: 'ours', root, redisDatabase: 0, gatewayUrl });
  const subjects: Subject[] = [
    bySse('direct', direct),
    bySse('ours', ours),
    { name: 'ours-ws', system: ours, call: createWebSocketClient(() => ours.url) },
  ];
  if (!against) return subjects;
  const other = { name: 'against', root: against, redisDatabase: 1, gatewayUrl };
  return [...subjects, bySse('against', await startProduct(crew, servers, other))];
}

function bySse(name: SubjectName, system: System): Subject {
  return { name, system, call: createSseClient(() => system.url) };
}

async function leave(crew: Crew, gateway: SpawnedGateway): Promise<void> {
  await Promise.all([crew.disband(), gateway.stop()]);
}
