/** How far apart the clocks of two processes are. Both count on the machine's own, but each fixes its zero by itself. */
import { now } from '../test/support/scripted-gateway';
import type { RemoteGateway } from '../test/support/scripted-gateway/spawn';

const TRIES = 40;
const PROBE = '/clock';

/** How many milliseconds the gateway's clock is ahead of ours: by the quickest of several exchanges, as network clocks do. */
export async function measureClock(gateway: RemoteGateway): Promise<number> {
  await gateway.reset();
  const tries: { sentAt: number; tookMs: number }[] = [];
  for (let i = 0; i < TRIES; i++) {
    const sentAt = now();
    await (await fetch(gateway.url + PROBE)).arrayBuffer();
    tries.push({ sentAt, tookMs: now() - sentAt });
  }
  const noted = (await gateway.requests()).filter(({ path }) => path.endsWith(PROBE));
  const quickest = tries.indexOf(tries.reduce((best, one) => (one.tookMs < best.tookMs ? one : best)));
  const { sentAt, tookMs } = tries[quickest] ?? { sentAt: NaN, tookMs: NaN };
  return (noted[quickest]?.at ?? NaN) - (sentAt + tookMs / 2);
}
