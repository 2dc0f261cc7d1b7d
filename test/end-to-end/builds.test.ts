/** A release with other workflow code: open runs stay on the code on which they began, with workers on one machine or several. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { get, post } from '../support/readers';
import { createStack, DIST, until, type Stack } from '../support/stack';
import { startTemporalServer, type TemporalServer } from '../support/temporal';

/** google.rpc.Code */
const GRPC_DEADLINE_EXCEEDED = 4;
const GRPC_NOT_FOUND = 5;
const GRPC_UNAVAILABLE = 14;
const LIMIT_MS = 180_000;
/** Lowered, because by default it takes minutes until a build without runs counts as drained. */
const DRAIN_AT_ONCE = ['VisibilityGracePeriod', 'RefreshInterval'].map(
  (name) => `matching.wv.VersionDrainageStatus${name}="1s"`,
);

let folder: string;
let server: TemporalServer | undefined;
let stack: Stack;
let connection: Connection;
let client: Client;

beforeAll(() => {
  // below the folder that contains the packages, because the sandbox of the other release does not see a link to them
  const data = path.join(DIST, '../.data');
  mkdirSync(data, { recursive: true });
  folder = mkdtempSync(path.join(data, 'builds-'));
});
afterEach(async () => {
  await stack.stop();
  await connection.close();
  await server?.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function createStackOn(settings: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  server = await startTemporalServer(settings);
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
  stack = await createStack({ TEMPORAL_ADDRESS: server.address, ...env });
  // reviews pass, so that a coordinated run has one round
  stack.gateway.scriptWhen({ bodyIncludes: 'VERDICT: PASS' }, { tokens: ['VERDICT: PASS', ' fine'] });
}

/** A separate data folder that shares the prepared files of the sandbox. */
function dataFolder(name: string): string {
  const data = path.join(folder, name);
  mkdirSync(data);
  const prepared = path.resolve('.data/sandbox');
  if (existsSync(prepared)) symlinkSync(prepared, path.join(data, 'sandbox'));
  return data;
}

/** A release whose runs begin with a timer, so that histories of the current code do not replay on it. */
function otherRelease(): string {
  const release = path.join(folder, 'release');
  if (existsSync(release)) return path.join(release, 'dist');
  cpSync(DIST, path.join(release, 'dist'), { recursive: true });
  symlinkSync(path.join(DIST, '../package.json'), path.join(release, 'package.json'));
  const bundle = path.join(release, 'dist', 'workflow-bundle.js');
  const code = readFileSync(bundle, 'utf8');
  const changed = code.replace(
    /async function runSwarm\(\w+\) \{/,
    (head) => `${head} await new Promise((go) => setTimeout(go, 1));`,
  );
  expect(changed).not.toBe(code);
  writeFileSync(bundle, changed);
  return path.join(release, 'dist');
}

async function startAtGate(): Promise<string> {
  const { body } = await post(`${stack.url}/swarm/coordinate`, {
    message: 'Build it',
    wait: false,
    approve_plan: true,
  });
  const id = body.run_id as string;
  await until(async () => (await get(`${stack.url}/runs/${id}`)).body.gates?.[0], 30_000);
  return id;
}

async function approve(id: string): Promise<void> {
  await post(`${stack.url}/runs/${id}/approve`, { reason: 'go' });
  await until(async () => (await get(`${stack.url}/runs/${id}`)).body.status === 'completed', 60_000);
}

async function runOneVoice(): Promise<string> {
  const { status, body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message: 'Go' });
  expect([status, body.status]).toEqual([200, 'complete']);
  return body.run_id as string;
}

/** The builds that have executed a run's workflow code, and whether the run began with the other release's timer. */
async function listBuilds(id: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const builds = (events ?? []).flatMap(
    ({ workflowTaskCompletedEventAttributes: completed }) => completed?.deploymentVersion?.buildId ?? [],
  );
  return [...new Set(builds)];
}

async function describeDeployment() {
  const request = { namespace: 'default', deploymentName: stack.env.TASK_QUEUE ?? '' };
  const { workerDeploymentInfo } = await client.workflowService.describeWorkerDeployment(request).catch(noneYet);
  const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? '';
  const drained = (workerDeploymentInfo?.versionSummaries ?? [])
    .filter(({ drainageInfo }) => drainageInfo?.status === 2)
    .map(({ deploymentVersion }) => deploymentVersion?.buildId ?? '');
  return { current, drained };
}

/** The server knows a deployment only shortly after its first worker has begun to poll. */
function noneYet(error: Error & { code?: number }): { workerDeploymentInfo: undefined } {
  if (error.code !== GRPC_NOT_FOUND) throw error;
  return { workerDeploymentInfo: undefined };
}

/** For repeated queries: a server on a busy machine may not respond within the call's deadline. */
async function pollDeployment(): ReturnType<typeof describeDeployment> {
  return await describeDeployment().catch((error: Error & { code?: number }) => {
    if (error.code !== GRPC_DEADLINE_EXCEEDED && error.code !== GRPC_UNAVAILABLE) throw error;
    return { current: '', drained: [] };
  });
}

/** Resolves to the build that receives new runs, once it differs from `before`. */
async function awaitCurrent(before = ''): Promise<string> {
  const find = async () => {
    const { current } = await pollDeployment();
    return current !== before && current;
  };
  return (await until(find, 60_000)) as string;
}

test(
  'a run stays on the build on which it began while another build takes new runs, until the first is drained',
  async () => {
    await createStackOn(DRAIN_AT_ONCE, { DATA_DIR: dataFolder('first') });
    const first = stack.worker;
    const waiting = await startAtGate();
    const oldBuild = await awaitCurrent();
    expect(oldBuild).toMatch(/^[0-9a-f]{16}$/);
    await stack.startWorker({ DATA_DIR: dataFolder('second') }, otherRelease());
    const newBuild = await awaitCurrent(oldBuild);
    expect(await listBuilds(await runOneVoice())).toEqual([newBuild]);
    expect((await describeDeployment()).drained).toEqual([]);
    await approve(waiting);
    expect(await listBuilds(waiting)).toEqual([oldBuild]);
    await until(async () => (await pollDeployment()).drained.includes(oldBuild), 60_000);
    await first.stop();
    expect(await listBuilds(await runOneVoice())).toEqual([newBuild]);
  },
  LIMIT_MS,
);

test(
  'a worker that replaces an earlier build continues its runs, and deletes its code once it is drained',
  async () => {
    const data = dataFolder('same');
    await createStackOn(DRAIN_AT_ONCE, { DATA_DIR: data });
    const waiting = await startAtGate();
    const oldBuild = await awaitCurrent();
    const kept = path.join(data, 'workflow-bundles', stack.env.TASK_QUEUE ?? '', `${oldBuild}.js`);
    expect(existsSync(kept)).toBe(true);
    await stack.worker.kill('SIGKILL');
    await stack.startWorker({}, otherRelease());
    await approve(waiting);
    expect(await listBuilds(waiting)).toEqual([oldBuild]);
    const newBuild = await awaitCurrent(oldBuild);
    expect(await listBuilds(await runOneVoice())).toEqual([newBuild]);
    await until(() => !existsSync(kept), 90_000);
  },
  LIMIT_MS,
);

test(
  'a restarted old build takes no new runs while a newer one is alive, and takes them once the newer one is gone',
  async () => {
    await createStackOn([], { DATA_DIR: dataFolder('back') });
    const oldBuild = await awaitCurrent();
    await stack.worker.stop();
    const newer = await stack.startWorker({}, otherRelease());
    const newBuild = await awaitCurrent(oldBuild);
    await stack.startWorker();
    expect(await listBuilds(await runOneVoice())).toEqual([newBuild]);
    await newer.kill('SIGKILL');
    expect(await awaitCurrent(newBuild)).toBe(oldBuild);
    expect(await listBuilds(await runOneVoice())).toEqual([oldBuild]);
  },
  LIMIT_MS,
);

test(
  'several workers that start concurrently agree on the current build',
  async () => {
    await createStackOn([], { DATA_DIR: dataFolder('many') });
    const before = await awaitCurrent();
    const more = await Promise.all([1, 2].map(() => stack.startWorker({}, otherRelease())));
    const current = await awaitCurrent(before);
    expect(await listBuilds(await runOneVoice())).toEqual([current]);
    for (const worker of more) expect(worker.output()).not.toMatch(/"level":(50|60)/);
  },
  LIMIT_MS,
);

test(
  'on a server without versioning workers log that and work without it',
  async () => {
    await createStackOn(['system.enableDeploymentVersions=false'], { DATA_DIR: dataFolder('without') });
    expect(stack.worker.output()).toContain('offers no Worker Versioning');
    expect(await listBuilds(await runOneVoice())).toEqual([]);
  },
  LIMIT_MS,
);
