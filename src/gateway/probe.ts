/** Checks whether a gateway is reachable, accepts our key and has credit left, at no cost. */
import { addressOfPath, showAddress } from './address';
import { fetchPath } from './fetch-path';
import type { LastCall } from './call-health';
import { rootCause } from './connection';
import type { Endpoint } from './adapters/endpoint';
import { describeRedirect, describeUnreachable } from './error-description';

export interface ProbeResult {
  gateway: string;
  ok: boolean;
  /** Whether the gateway has shown that it accepts the key; absent if there is no key or the gateway is not ok. */
  key?: 'proven' | 'unproven';
  /** The problem, in one sentence. */
  problem?: string;
}

const PROBE_TIMEOUT_MS = 5000;
/** For this long after an answered call, a probe without a response is ignored: the gateway was probably busy. */
const ANSWERED_LATELY_MS = 30_000;
/** How long a call with a rejected key counts for a gateway whose probe cannot verify the key. After that, a call may try again. */
const REFUSED_LATELY_MS = 5 * 60_000;

/** Statuses about the key or the account. Every other 4xx is about the path, and comes from a reachable gateway. */
const ABOUT_KEY = [401, 402, 403, 407];

/** `there`: reachable, but the probe path does not exist, so the key is not verified. `doubtful`: an answered call disproves it. */
type Finding = { state: 'well' | 'there' } | { state: 'unreachable' | 'doubtful' | 'unusable'; problem: string };

export async function probe(endpoint: Endpoint, lastCall?: LastCall): Promise<ProbeResult> {
  const finding = contradict(await look(endpoint), lastCall, Date.now());
  const { name: gateway, apiKey } = endpoint;
  if ('problem' in finding) return { gateway, ok: false, problem: finding.problem };
  const key = finding.state === 'well' || lastCall?.outcome === 'answered' ? 'proven' : 'unproven';
  return { gateway, ok: true, ...(apiKey ? { key } : {}) };
}

/** Corrects the finding by the last call: calls show better than a probe whether a key is accepted and answers arrive. */
function contradict(finding: Finding, last: LastCall | undefined, now: number): Finding {
  if (!last) return finding;
  const ageMs = now - last.at;
  if (finding.state === 'there' && last.outcome === 'refused' && ageMs < REFUSED_LATELY_MS)
    return { state: 'doubtful', problem: last.message };
  const isAnswered = last.outcome === 'answered';
  if (finding.state === 'doubtful' && isAnswered) return { state: 'there' };
  return finding.state === 'unreachable' && isAnswered && ageMs < ANSWERED_LATELY_MS ? { state: 'there' } : finding;
}

async function look(endpoint: Endpoint): Promise<Finding> {
  const { label, apiKey, keyRequired, keyVariable, probePath } = endpoint;
  if (keyRequired && !apiKey) return { state: 'unusable', problem: `${label} needs a key: set ${keyVariable}.` };
  try {
    const response = await fetchPath(endpoint, probePath, PROBE_TIMEOUT_MS);
    const readBody = (): Promise<unknown> => response.json().catch(() => undefined);
    const keyProblem = response.ok ? await endpoint.findKeyProblem(readBody) : undefined;
    if (keyProblem) return { state: 'unusable', problem: keyProblem };
    await response.body?.cancel().catch(() => undefined);
    return judge(response, endpoint);
  } catch (error) {
    return { state: 'unreachable', problem: describeUnreachable(endpoint, rootCause(error)) };
  }
}

function judge({ ok, status, headers }: Response, endpoint: Endpoint): Finding {
  const { label, probePath, urlVariable } = endpoint;
  const address = addressOfPath(endpoint, probePath);
  const location = headers.get('location');
  if (location && status >= 300 && status < 400)
    return { state: 'doubtful', problem: describeRedirect(endpoint, address, location) };
  const shown = `${showAddress(address)} (${urlVariable})`;
  if (ok && /\bhtml\b/.test(headers.get('content-type') ?? ''))
    return { state: 'doubtful', problem: `${label} answered with a web page at ${shown}.` };
  if (ok) return { state: 'well' };
  if (lacksPath(status)) return { state: 'there' };
  return { state: 'doubtful', problem: `${label} answered ${status} at ${shown}.` };
}

/** 501 is "not implemented", sent by a reachable gateway. */
function lacksPath(status: number): boolean {
  return status === 501 || (status >= 400 && status < 500 && !ABOUT_KEY.includes(status));
}
