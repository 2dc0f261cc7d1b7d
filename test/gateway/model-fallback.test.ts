/** What follows a failure: a retry of the same model after a wait, the next model, or the end. */
import { ALIASES } from '../../src/contract/names';
import { GatewayFailure, toGatewayFailure, type Remedy } from '../../src/gateway/failures';
import {
  firstModels,
  nextStep,
  progress,
  START,
  withText,
  type Candidate,
  type Progress,
  type Routes,
  type FallbackStep,
} from '../../src/gateway/model-fallback';
import { toErrorDescription } from '../../src/gateway/error-description';
import { endpointAt } from '../support/endpoints';

const [A, B] = [endpointAt('http://a.test/v1', { name: 'a' }), endpointAt('http://b.test/v1', { name: 'b' })];
const a1: Candidate = { endpoint: A, model: 'one' };
const b1: Candidate = { endpoint: B, model: 'one' };
const a2: Candidate = { endpoint: A, model: 'two' };

const after = (remedy: Remedy, waitMs?: number) => new GatewayFailure('GATEWAY_ERROR', 'No.', remedy, waitMs);
const retry = (more: object = {}) =>
  after({ action: 'retry', tries: 2, lastTries: 2, baseMs: 100, then: 'next', ...more });
const next = after({ action: 'next' });
const nextGateway = after({ action: 'next-gateway' });

const noChance = () => 0;
/** With it, our own backoff has its middle length. */
const evenChance = () => 0.5;
const at = (position: number, tries = 0, lost: string[] = []): Progress => ({
  ...START,
  position,
  tries,
  lost,
});

test('the first model is reported for each alias, and nothing for an alias without models', () => {
  const candidates = ALIASES.map((alias) => [
    alias,
    alias === 'fast' ? [] : [`${alias}-first`, `${alias}-second`].map((model) => ({ endpoint: A, model })),
  ]);
  expect(firstModels(Object.fromEntries(candidates) as Routes)).toEqual({
    strategic: 'strategic-first',
    coding: 'coding-first',
    debate_1: 'debate_1-first',
    debate_2: 'debate_2-first',
    fast: undefined,
  });
});

describe('a failure that no other model would fix', () => {
  it('ends the turn, whichever candidates are left', () => {
    expect(nextStep([a1, b1, a2], START, after({ action: 'fail' }))).toEqual({ do: 'fail' });
  });
});

describe('a failure of the model', () => {
  it('passes the turn to the next candidate, with its tries reset', () => {
    expect(nextStep([a1, b1], at(0, 2), next)).toEqual({ do: 'reroute', progress: at(1), to: b1 });
  });

  it('may pass it to another model of the same gateway', () => {
    expect(nextStep([a1, a2], START, next)).toEqual({ do: 'reroute', progress: at(1), to: a2 });
  });

  it('never goes back, and ends the turn after the last candidate', () => {
    expect(nextStep([a1, b1], at(1), next)).toEqual({ do: 'fail' });
  });
});

describe('a failure of the gateway', () => {
  it('passes the turn to the next candidate at another gateway', () => {
    expect(nextStep([a1, a2, b1], START, nextGateway)).toEqual({
      do: 'reroute',
      progress: at(2, 0, [A.name]),
      to: b1,
    });
  });

  it('ends the turn if all remaining candidates are at the same gateway', () => {
    expect(nextStep([b1, a1, a2], at(1), nextGateway)).toEqual({ do: 'fail' });
  });
});

describe('a temporary failure', () => {
  it('is retried on the same candidate as often as its row says, then passed on', () => {
    const candidates = [a1, a2];
    expect(nextStep(candidates, at(0, 0), retry())).toMatchObject({ do: 'retry', progress: at(0, 1) });
    expect(nextStep(candidates, at(0, 1), retry())).toMatchObject({ do: 'retry', progress: at(0, 2) });
    expect(nextStep(candidates, at(0, 2), retry())).toEqual({ do: 'reroute', progress: at(1), to: a2 });
  });

  it('is passed on to another gateway if its row says so', () => {
    expect(nextStep([a1, a2, b1], at(0, 2), retry({ then: 'next-gateway' }))).toMatchObject({ to: b1 });
  });

  it('is retried more often if there is no other candidate', () => {
    const patient = retry({ lastTries: 4 });
    expect(nextStep([a1, a2], at(1, 3), patient).do).toBe('retry');
    expect(nextStep([a1, a2], at(1, 4), patient).do).toBe('fail');
    expect(nextStep([a1, a2], at(0, 2), patient).do).toBe('reroute');
  });

  it('such as a silent model is passed on at once, and retried only if there is no other', () => {
    const silent = toGatewayFailure(toErrorDescription('no-first-token', 'Silent.'));
    expect(nextStep([a1, a2], START, silent)).toEqual({ do: 'reroute', progress: at(1), to: a2 });
    expect(nextStep([a1, a2], at(1, 1), silent)).toMatchObject({ do: 'retry', progress: at(1, 2) });
    expect(nextStep([a1, a2], at(1, 2), silent)).toEqual({ do: 'fail' });
  });

  it('counts only candidates at other gateways if its row asks for another gateway', () => {
    const patient = retry({ lastTries: 4, then: 'next-gateway' });
    expect(nextStep([a1, a2], at(0, 3), patient).do).toBe('retry');
    expect(nextStep([a1, b1], at(0, 3), patient).do).toBe('reroute');
  });
});

describe('the wait before a retry', () => {
  const readWait = (step: FallbackStep) => (step.do === 'retry' ? step.waitMs : undefined);
  const often = { tries: 20, lastTries: 20 };

  it('doubles with each try, up to half a minute', () => {
    const waits = Array.from({ length: 11 }, (_, tries) =>
      readWait(nextStep([a1], at(0, tries), retry(often), evenChance)),
    );
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  it.each([0, 3, 15])('varies by up to an eighth, at try %i', (tries) => {
    const middle = readWait(nextStep([a1], at(0, tries), retry(often), evenChance))!;
    const shortest = readWait(nextStep([a1], at(0, tries), retry(often), noChance))!;
    const longest = readWait(nextStep([a1], at(0, tries), retry(often), () => 1 - Number.EPSILON))!;
    expect(shortest).toBe(Math.ceil(middle * 0.875));
    expect(longest).toBe(Math.ceil(middle * 1.125));
  });

  it('is random if the caller passes no random function', () => {
    const waits = new Set(Array.from({ length: 20 }, () => readWait(nextStep([a1], at(0, 8), retry(often)))));
    expect(waits.size).toBeGreaterThan(10);
  });

  it.each([1, 700, 59_999])('is exactly the %i ms that the gateway asked for', (waitMs) => {
    const asked = after({ action: 'retry', tries: 2, lastTries: 2, baseMs: 100, then: 'next' }, waitMs);
    expect(readWait(nextStep([a1], at(0, 1), asked, () => 0.5))).toBe(waitMs);
  });

  it('is ours if the gateway asks for no wait', () => {
    const asked = after({ action: 'retry', tries: 2, lastTries: 2, baseMs: 100, then: 'next' }, 0);
    expect(readWait(nextStep([a1], at(0, 1), asked, evenChance))).toBe(200);
  });

  it.each<Remedy>([
    { action: 'wait' },
    { action: 'probe' },
    { action: 'rest', tries: 2 },
    { action: 'retry', tries: 2, lastTries: 2, baseMs: 0, then: 'next' },
  ])('is never 0, which Temporal interprets as "no further attempt": %j', (remedy) => {
    for (const waitMs of [undefined, 0, 0.2])
      expect(readWait(nextStep([a1], START, after(remedy, waitMs), evenChance))).toBe(1);
  });

  it('is at least our backoff after two requested waits, so that a restart behind the gateway is sat out', () => {
    const asked = after({ action: 'retry', tries: 20, lastTries: 20, baseMs: 200, then: 'next' }, 1000);
    const waits = Array.from({ length: 7 }, (_, tries) => readWait(nextStep([a1], at(0, tries), asked, evenChance)));
    expect(waits).toEqual([1000, 1000, 1000, 1600, 3200, 6400, 12_800]);
  });

  it('is skipped if it is too long: another model takes over, and without one the turn ends', () => {
    const tooLong = toGatewayFailure({ ...toErrorDescription('no-connection', 'No.'), waitMs: 61_000 });
    expect(nextStep([a1, a2], START, tooLong)).toMatchObject({ do: 'reroute', to: a2 });
    expect(nextStep([a1], START, tooLong)).toEqual({ do: 'fail' });
  });

  /** Returns how long a turn waits in total if every call of its only model fails like this. */
  function patienceFor(failure: GatewayFailure): number {
    let [state, waited] = [START, 0];
    for (
      let step = nextStep([a1], state, failure, evenChance);
      step.do === 'retry';
      step = nextStep([a1], state, failure, evenChance)
    ) {
      state = step.progress;
      waited += step.waitMs;
    }
    return waited;
  }

  it('adds up to about a minute for a restarting gateway', () => {
    const waited = patienceFor(toGatewayFailure(toErrorDescription('no-connection', 'No.')));
    expect(waited).toBeGreaterThan(45_000);
    expect(waited).toBeLessThan(90_000);
  });

  it('adds up to more than a minute for a rate limit without a reset time', () => {
    const limited = toGatewayFailure({ ...toErrorDescription('status', 'No.'), status: 429 });
    expect(patienceFor(limited)).toBeGreaterThan(60_000);
  });
});

describe('a limit of our own', () => {
  it('is waited for without counting as a try', () => {
    const step = nextStep([a1, a2], at(0, 2), after({ action: 'wait' }, 1234.5));
    expect(step).toEqual({ do: 'retry', progress: at(0, 2), waitMs: 1235 });
  });
});

describe('a model whose breaker is open', () => {
  const ill = after({ action: 'rest', tries: 2 }, 1000);
  const probed = after({ action: 'probe' }, 1000);
  const rested = (rests: number): Progress => ({ ...START, rests });

  it('is waited for a limited number of times if there is no other', () => {
    expect(nextStep([a1], rested(1), ill, noChance)).toEqual({ do: 'retry', progress: rested(2), waitMs: 1000 });
    expect(nextStep([a1], rested(2), ill)).toEqual({ do: 'fail' });
  });

  it('is waited for until another call has found out whether it has recovered', () => {
    expect(nextStep([a1], rested(2), probed, noChance)).toEqual({ do: 'retry', progress: rested(2), waitMs: 1000 });
  });

  it.each([ill, probed])('is skipped at once if there is another', (failure) => {
    expect(nextStep([a1, a2], START, failure)).toEqual({ do: 'reroute', progress: at(1), to: a2 });
  });

  it.each([ill, probed])('is not called by all waiters at the same moment', (failure) => {
    expect(nextStep([a1], START, failure, () => 0.5)).toMatchObject({ waitMs: 1125 });
  });
});

describe('an exhausted budget', () => {
  const cheap: Candidate = { endpoint: B, model: 'cheap', isBudgetModel: true };
  const short = after({ action: 'budget-model' });

  it('passes the turn to the cheaper model, and ends it if there is none', () => {
    expect(nextStep([a1, a2, cheap], START, short)).toEqual({ do: 'reroute', progress: at(2), to: cheap });
    expect(nextStep([a1, a2], START, short)).toEqual({ do: 'fail' });
    expect(nextStep([a1, cheap], at(1), short)).toEqual({ do: 'fail' });
  });

  it('is the only reason to use the cheaper model', () => {
    expect(nextStep([a1, cheap], START, next)).toEqual({ do: 'fail' });
  });
});

describe('the order of models that a turn first determined', () => {
  it('is kept by the turn', () => {
    const order = ['a/two', 'a/one'];
    expect(nextStep([a2, a1], { ...START, order }, retry())).toMatchObject({ progress: { order } });
    expect(nextStep([a2, a1], { ...START, order }, next)).toMatchObject({ progress: { order, position: 1 } });
  });
});

describe('the path of a turn', () => {
  /** Returns where a turn goes if every call fails like this. */
  function walk(candidates: Candidate[], failure: GatewayFailure): string[] {
    const way: string[] = [];
    let state = START;
    while (way.length < 50) {
      const { endpoint, model } = candidates[state.position]!;
      way.push(`${model}@${endpoint.name}`);
      const step = nextStep(candidates, state, failure);
      if (step.do === 'fail') return way;
      if (step.do === 'reroute') expect(step.to).toBe(candidates[step.progress.position]);
      // the state between two attempts is read back from JSON
      state = progress.parse(JSON.parse(JSON.stringify(step.progress)));
    }
    throw new Error(`The turn never ends: ${way.slice(0, 5).join(', ')} and so on.`);
  }

  it.each<[string, GatewayFailure, string[]]>([
    ['is final', after({ action: 'fail' }), ['one@a']],
    ['is of the model', next, ['one@a', 'one@b', 'two@a']],
    ['may pass', retry({ tries: 1, lastTries: 2 }), ['one@a', 'one@a', 'one@b', 'one@b', 'two@a', 'two@a', 'two@a']],
  ])('ends if every failure %s', (_, failure, way) => {
    expect(walk([a1, b1, a2], failure)).toEqual(way);
  });

  it('ends if configuration has removed the current candidate', () => {
    expect(nextStep([a1], at(7), next)).toEqual({ do: 'fail' });
  });
});

describe('a turn that makes progress', () => {
  it('has its failure count reset', () => {
    expect(withText({ ...at(1, 3), rests: 2 }, 300)).toEqual({ ...at(1), reached: 300 });
  });

  it('keeps its failure count if it has added next to nothing', () => {
    const noted = { ...at(1, 3), reached: 300 };
    expect(withText(noted, 555)).toEqual(noted);
    expect(withText(noted, 556)).toMatchObject({ tries: 0, reached: 556 });
  });

  it('keeps its failure count after a restart, until its text is longer than ever', () => {
    const noted = { ...at(0, 2), reached: 1000 };
    expect(withText(noted, 900)).toEqual(noted);
  });
});

describe('the stored progress of a turn', () => {
  it('is compatible with earlier versions', () => {
    expect(progress.parse({ position: 1, tries: 2 })).toEqual(at(1, 2));
  });

  it.each([null, undefined, {}, { position: -1, tries: 0 }, { position: 0.5, tries: 0 }, { position: 0, tries: '1' }])(
    'is not read from %j',
    (noted) => {
      expect(progress.safeParse(noted).success).toBe(false);
    },
  );
});

describe('an endless rate limit', () => {
  const limited = (waitMs?: number) =>
    toGatewayFailure({ ...toErrorDescription('status', 'Slow down.'), status: 429, waitMs });
  const limitMs = 90_000;

  /** Returns the waits until the turn fails, if each model answers each call with the same failure. */
  function waitsUntilFailure(candidates: Candidate[], failure: GatewayFailure, random: () => number) {
    const waits: number[] = [];
    let now = START;
    for (let step: FallbackStep; (step = nextStep(candidates, now, failure, random, limitMs)).do !== 'fail';) {
      if (step.do === 'retry') waits.push(step.waitMs);
      now = step.progress;
    }
    return waits;
  }
  const sum = (waits: number[]) => waits.reduce((total, wait) => total + wait, 0);
  const c1: Candidate = { endpoint: B, model: 'three' };

  describe.each([[[a1]], [[a1, b1]], [[a1, b1, a2, c1]]])('of %# and more models', (candidates) => {
    it.each([evenChance, () => 1 - Number.EPSILON])(
      'ends after the total, and outlasts a quota per minute',
      (random) => {
        const total = sum(waitsUntilFailure(candidates, limited(), random));
        expect(total).toBeLessThanOrEqual(limitMs);
        expect(total).toBeGreaterThan(candidates.length > 1 ? limitMs - 1 : 61_000);
      },
    );

    it.each([1, 500, 2000, 20_000, 45_000, 60_000])(
      'that asks for %i ms ends within the total and one such wait',
      (waitMs) => {
        const waits = waitsUntilFailure(candidates, limited(waitMs), evenChance);
        expect(sum(waits)).toBeLessThan(limitMs + waitMs);
        // a wait that the gateway asked for is never cut
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(waitMs);
        if (waitMs >= 2000) expect(sum(waits)).toBeGreaterThanOrEqual(limitMs);
      },
    );
  });

  it('counts together with other rejections that ask for a wait, and not with those that do not', () => {
    const unavailable = (waitMs?: number) =>
      toGatewayFailure({ ...toErrorDescription('status', 'Back soon.'), status: 503, waitMs });
    const used = { ...START, limitedMs: limitMs };
    expect(nextStep([a1], used, unavailable(30_000), evenChance, limitMs)).toEqual({ do: 'fail' });
    expect(nextStep([a1], used, unavailable(), evenChance, limitMs)).toMatchObject({ do: 'retry', waitMs: 200 });
    expect(nextStep([a1], used, limited(), evenChance, limitMs)).toEqual({ do: 'fail' });
  });

  it('counts from zero after there was text', () => {
    const used = { ...START, limitedMs: limitMs };
    expect(withText(used, 10)).toEqual(used);
    expect(withText(used, 1000).limitedMs).toBeUndefined();
  });
});
