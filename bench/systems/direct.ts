/** `direct` as a process of its own. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, listening } from '../../test/support/processes';
import type { Crew } from '../crew';
import type { System } from './system';

const HOOK = path.join(__dirname, '../typescript.cjs');
const PROGRAM = path.join(__dirname, '../direct/main.ts');

export async function startDirect(crew: Crew, gatewayUrl: string): Promise<System> {
  const port = await freePort();
  const launch = () => crew.launch('direct', process.execPath, ['--require', HOOK, PROGRAM, String(port), gatewayUrl]);
  const isUp = () => listening(port, 1000).then(() => true);
  let proxy = launch();
  await crew.ready(proxy, isUp);
  return {
    url: `http://127.0.0.1:${port}`,
    members: () => [proxy],
    async crash(downMs) {
      await proxy.kill();
      await sleep(downMs);
      proxy = launch();
      await crew.ready(proxy, isUp);
    },
  };
}
