/** Everything that a run needs: gateway, servers, and the compared systems. */
import type { RemoteGateway, SpawnedGateway } from '../../test/support/scripted-gateway/spawn';
import { spawnScriptedGateway } from '../../test/support/scripted-gateway/spawn';
import { createSseClient } from '../client/sse';
import { createWebSocketClient } from '../client/websocket';
import type { ProcessGroup } from '../process-group';
import { startDirect } from './direct';
import { startProduct } from './product';
import { startServers, type ServerPrograms, type Servers } from './servers';
import type { Subject, SubjectName, System } from './system';

export interface Stage {
  gateway: RemoteGateway;
  subjects: Subject[];
  redisUrl: string;
  temporalAddress: string;
  databaseBytes(): number;
  stop(): Promise<void>;
}

export interface StageOptions {
  root: string;
  /** Another built checkout of this repository, to be compared with this one. */
  against: string | undefined;
  programs: ServerPrograms;
}

export async function setStage(processGroup: ProcessGroup, options: StageOptions): Promise<Stage> {
  const gateway = await spawnScriptedGateway();
  try {
    const servers = await startServers(processGroup, options.programs);
    const subjects = await startSubjects(processGroup, gateway, servers, options);
    const { redisUrl, temporalAddress, databaseBytes } = servers;
    return { gateway, subjects, redisUrl, temporalAddress, databaseBytes, stop: () => leave(processGroup, gateway) };
  } catch (error) {
    await leave(processGroup, gateway);
    throw error;
  }
}

async function startSubjects(
  processGroup: ProcessGroup,
  { url: gatewayUrl }: RemoteGateway,
  servers: Servers,
  { root, against }: StageOptions,
): Promise<Subject[]> {
  const direct = await startDirect(processGroup, gatewayUrl);
  const ours = await startProduct(processGroup, servers, { name: 'ours', root, redisDatabase: 0, gatewayUrl });
  const subjects: Subject[] = [
    bySse('direct', direct),
    bySse('ours', ours),
    { name: 'ours-ws', system: ours, call: createWebSocketClient(() => ours.url) },
  ];
  if (!against) return subjects;
  const other = { name: 'against', root: against, redisDatabase: 1, gatewayUrl };
  return [...subjects, bySse('against', await startProduct(processGroup, servers, other))];
}

function bySse(name: SubjectName, system: System): Subject {
  return { name, system, call: createSseClient(() => system.url) };
}

async function leave(processGroup: ProcessGroup, gateway: SpawnedGateway): Promise<void> {
  await Promise.all([processGroup.disband(), gateway.stop()]);
}
