/** `direct` as a separate process. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, listening } from '../../test/support/processes';
import type { ProcessGroup } from '../process-group';
import type { System } from './system';

const HOOK = path.join(__dirname, '../typescript.cjs');
const PROGRAM = path.join(__dirname, '../direct/main.ts');

export async function startDirect(processGroup: ProcessGroup, gatewayUrl: string): Promise<System> {
  const port = await freePort();
  const launch = () =>
    processGroup.launch('direct', process.execPath, ['--require', HOOK, PROGRAM, String(port), gatewayUrl]);
  const isUp = () => listening(port, 1000).then(() => true);
  let proxy = launch();
  await processGroup.ready(proxy, isUp);
  return {
    url: `http://127.0.0.1:${port}`,
    members: () => [proxy],
    async crash(downMs) {
      await proxy.kill();
      await sleep(downMs);
      proxy = launch();
      await processGroup.ready(proxy, isUp);
    },
  };
}
