/** Measures the offset between the clocks of two processes. Both use the machine's clock, but each sets its own zero. */
import { now } from '../test/support/scripted-gateway';
import type { RemoteGateway } from '../test/support/scripted-gateway/spawn';

const TRIES = 40;
const PROBE = '/clock';

/** Returns how many milliseconds the gateway's clock is ahead of ours: from the fastest of several exchanges, as in NTP. */
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
