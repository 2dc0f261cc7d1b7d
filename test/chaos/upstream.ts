/** The models' texts in one seed, one for each run and model, and how often each model fails first. */
import type { Chance } from '../support/chance';
import type { Reply } from '../support/scripted-gateway';
import { DEFAULT_TOKENS } from '../support/scripted-gateway/reply';
import type { Cluster } from './cluster';

/** The text for prompts that do not name their run, such as that of a judge. */
export const UNMARKED = DEFAULT_TOKENS.join('');

const MODELS = ['balanced-model', 'optimistic-model', 'cautious-model', 'strategic-model'];

/** Scripts all calls of a run, identified by `marker` in their prompt; returns the text of each model. */
export function scriptRun({ gateway }: Cluster, marker: string, chance: Chance): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const model of MODELS) {
    const count = 20 + chance.below(80);
    const prefix = `${model[0]}${chance.below(1000)}.`;
    const spoken: Reply = {
      tokens: { count, prefix },
      intervalMs: 5 + chance.below(20),
      firstTokenMs: chance.below(60),
    };
    const match = { model, bodyIncludes: marker };
    const mishaps = Array.from({ length: chance.below(3) }, () => mishap(spoken, count, chance));
    if (mishaps.length > 0) gateway.scriptWhen(match, mishaps);
    gateway.scriptWhen(match, spoken);
    texts[model] = Array.from({ length: count }, (_, i) => `${prefix}${i} `).join('');
  }
  return texts;
}

function mishap(spoken: Reply, count: number, chance: Chance): Reply {
  const at = chance.below(count);
  const error = { code: 502, message: 'Provider disconnected', metadata: { error_type: 'provider_unavailable' } };
  return chance.pick<Reply>([
    { ...spoken, fault: { kind: 'cut', at } },
    { ...spoken, fault: { kind: 'end', at } },
    { ...spoken, fault: { kind: 'error', at, error } },
    { ...spoken, fault: { kind: 'cut', at: 'headers' } },
    { status: 500, body: { error: { message: 'Something went wrong' } } },
    {
      status: 429,
      body: { error: { message: 'Slow down' } },
      wait: { ms: 50 + chance.below(300), as: 'retry-after-ms' },
    },
  ]);
}
