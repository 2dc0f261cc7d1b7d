/** What follows a failure: the same model after a wait, the next one, or the end. */
import { GatewayFailure, toGatewayFailure, type Remedy } from '../../src/gateway/failures';
import { nextStep, progress, START, withText, type Candidate, type Progress, type Step } from '../../src/gateway/route';
import { symptomOf } from '../../src/gateway/symptom';
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
const at = (position: number, tries = 0, lost: string[] = []): Progress => ({
  ...START,
  position,
  tries,
  lost,
});

describe('a failure that no other model would mend', () => {
  it('ends the turn, whoever is left', () => {
    expect(nextStep([a1, b1, a2], START, after({ action: 'fail' }))).toEqual({ do: 'fail' });
  });
});

describe('a failure of the model', () => {
  it('passes the turn to the next candidate, who begins with no tries behind', () => {
    expect(nextStep([a1, b1], at(0, 2), next)).toEqual({ do: 'reroute', progress: at(1), to: b1 });
  });

  it('passes it on to another model of the same gateway', () => {
    expect(nextStep([a1, a2], START, next)).toEqual({ do: 'reroute', progress: at(1), to: a2 });
  });

  it('never goes back, and ends the turn after the last candidate', () => {
    expect(nextStep([a1, b1], at(1), next)).toEqual({ do: 'fail' });
  });
});

describe('a failure of the gateway', () => {
  it('passes the turn to the next candidate behind another gateway', () => {
    expect(nextStep([a1, a2, b1], START, nextGateway)).toEqual({
      do: 'reroute',
      progress: at(2, 0, [A.name]),
      to: b1,
    });
  });

  it('ends the turn where all candidates left are behind the same one', () => {
    expect(nextStep([b1, a1, a2], at(1), nextGateway)).toEqual({ do: 'fail' });
  });
});

describe('a failure that may pass', () => {
  it('is tried again on the same candidate as often as its row says, then passed on', () => {
    const candidates = [a1, a2];
    expect(nextStep(candidates, at(0, 0), retry())).toMatchObject({ do: 'retry', progress: at(0, 1) });
    expect(nextStep(candidates, at(0, 1), retry())).toMatchObject({ do: 'retry', progress: at(0, 2) });
    expect(nextStep(candidates, at(0, 2), retry())).toEqual({ do: 'reroute', progress: at(1), to: a2 });
  });

  it('is passed on to another gateway where its row says so', () => {
    expect(nextStep([a1, a2, b1], at(0, 2), retry({ then: 'next-gateway' }))).toMatchObject({ to: b1 });
  });

  it('is tried more often where there is no other candidate', () => {
    const patient = retry({ lastTries: 4 });
    expect(nextStep([a1, a2], at(1, 3), patient).do).toBe('retry');
    expect(nextStep([a1, a2], at(1, 4), patient).do).toBe('fail');
    expect(nextStep([a1, a2], at(0, 2), patient).do).toBe('reroute');
  });

  it('such as a silent model is passed on at once, and tried again only where there is no other', () => {
    const silent = toGatewayFailure(symptomOf('no-first-token', 'Silent.'));
    expect(nextStep([a1, a2], START, silent)).toEqual({ do: 'reroute', progress: at(1), to: a2 });
    expect(nextStep([a1, a2], at(1, 1), silent)).toMatchObject({ do: 'retry', progress: at(1, 2) });
    expect(nextStep([a1, a2], at(1, 2), silent)).toEqual({ do: 'fail' });
  });

  it('counts only other gateways as others where its row asks for one', () => {
    const patient = retry({ lastTries: 4, then: 'next-gateway' });
    expect(nextStep([a1, a2], at(0, 3), patient).do).toBe('retry');
    expect(nextStep([a1, b1], at(0, 3), patient).do).toBe('reroute');
  });
});

describe('the wait before a retry', () => {
  const waitOf = (step: Step) => (step.do === 'retry' ? step.waitMs : undefined);
  const often = { tries: 20, lastTries: 20 };

  it('doubles from try to try, up to half a minute', () => {
    const waits = Array.from({ length: 11 }, (_, tries) =>
      waitOf(nextStep([a1], at(0, tries), retry(often), noChance)),
    );
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  it.each([0, 3, 15])('is spread over a quarter of itself, at try %i', (tries) => {
    const shortest = waitOf(nextStep([a1], at(0, tries), retry(often), noChance))!;
    const longest = waitOf(nextStep([a1], at(0, tries), retry(often), () => 1 - Number.EPSILON))!;
    expect(longest).toBe(Math.round(shortest * 1.25));
  });

  it('is by chance where the caller brings none', () => {
    const waits = new Set(Array.from({ length: 20 }, () => waitOf(nextStep([a1], at(0, 8), retry(often)))));
    expect(waits.size).toBeGreaterThan(10);
  });

  it.each([0, 700, 59_999])('is exactly the %i ms that the gateway asked for', (waitMs) => {
    const asked = after({ action: 'retry', tries: 2, lastTries: 2, baseMs: 100, then: 'next' }, waitMs);
    expect(waitOf(nextStep([a1], at(0, 1), asked, () => 0.5))).toBe(waitMs);
  });

  it('is not shorter than without asking once the gateway has asked twice, so that a restart behind it is sat out', () => {
    const asked = after({ action: 'retry', tries: 20, lastTries: 20, baseMs: 200, then: 'next' }, 1000);
    const waits = Array.from({ length: 7 }, (_, tries) => waitOf(nextStep([a1], at(0, tries), asked, noChance)));
    expect(waits).toEqual([1000, 1000, 1000, 1600, 3200, 6400, 12_800]);
  });

  it('is not sat out when it is too long: another model takes over, and without one the turn ends', () => {
    const tooLong = toGatewayFailure({ ...symptomOf('no-connection', 'No.'), waitMs: 61_000 });
    expect(nextStep([a1, a2], START, tooLong)).toMatchObject({ do: 'reroute', to: a2 });
    expect(nextStep([a1], START, tooLong)).toEqual({ do: 'fail' });
  });

  /** How long a turn waits in all when every call of its only model fails like this. */
  function patienceFor(failure: GatewayFailure): number {
    let [state, waited] = [START, 0];
    for (
      let step = nextStep([a1], state, failure, noChance);
      step.do === 'retry';
      step = nextStep([a1], state, failure, noChance)
    ) {
      state = step.progress;
      waited += step.waitMs;
    }
    return waited;
  }

  it('adds up to about a minute for a gateway that is being restarted', () => {
    const waited = patienceFor(toGatewayFailure(symptomOf('no-connection', 'No.')));
    expect(waited).toBeGreaterThan(45_000);
    expect(waited).toBeLessThan(90_000);
  });

  it('adds up to more than a minute for a rate limit that does not say when it ends', () => {
    const limited = toGatewayFailure({ ...symptomOf('status', 'No.'), status: 429 });
    expect(patienceFor(limited)).toBeGreaterThan(60_000);
  });
});

describe('a limit of our own', () => {
  it('is waited for without using up a try', () => {
    const step = nextStep([a1, a2], at(0, 2), after({ action: 'wait' }, 1234.5));
    expect(step).toEqual({ do: 'retry', progress: at(0, 2), waitMs: 1235 });
  });
});

describe('a model that is left alone', () => {
  const ill = after({ action: 'rest', tries: 2 }, 1000);
  const probed = after({ action: 'probe' }, 1000);
  const rested = (rests: number): Progress => ({ ...START, rests });

  it('is waited for so many times where there is no other', () => {
    expect(nextStep([a1], rested(1), ill, noChance)).toEqual({ do: 'retry', progress: rested(2), waitMs: 1000 });
    expect(nextStep([a1], rested(2), ill)).toEqual({ do: 'fail' });
  });

  it('is waited for as long as it takes another call to find out whether it is back', () => {
    expect(nextStep([a1], rested(2), probed, noChance)).toEqual({ do: 'retry', progress: rested(2), waitMs: 1000 });
  });

  it.each([ill, probed])('is passed over at once where there is another', (failure) => {
    expect(nextStep([a1, a2], START, failure)).toEqual({ do: 'reroute', progress: at(1), to: a2 });
  });

  it.each([ill, probed])('is not asked by all that wait at the same moment', (failure) => {
    expect(nextStep([a1], START, failure, () => 0.5)).toMatchObject({ waitMs: 1125 });
  });
});

describe('a budget that pays for no more', () => {
  const cheap: Candidate = { endpoint: B, model: 'cheap', economy: true };
  const short = after({ action: 'economy' });

  it('passes the turn to the cheaper model, and ends it where there is none', () => {
    expect(nextStep([a1, a2, cheap], START, short)).toEqual({ do: 'reroute', progress: at(2), to: cheap });
    expect(nextStep([a1, a2], START, short)).toEqual({ do: 'fail' });
    expect(nextStep([a1, cheap], at(1), short)).toEqual({ do: 'fail' });
  });

  it('is the only thing that the cheaper model takes over for', () => {
    expect(nextStep([a1, cheap], START, next)).toEqual({ do: 'fail' });
  });
});

describe('the order in which a turn found its models', () => {
  it('is kept on its way', () => {
    const order = ['a/two', 'a/one'];
    expect(nextStep([a2, a1], { ...START, order }, retry())).toMatchObject({ progress: { order } });
    expect(nextStep([a2, a1], { ...START, order }, next)).toMatchObject({ progress: { order, position: 1 } });
  });
});

describe('the way of a turn', () => {
  /** Where a turn goes when every call fails like this. */
  function walk(candidates: Candidate[], failure: GatewayFailure): string[] {
    const way: string[] = [];
    let state = START;
    while (way.length < 50) {
      const { endpoint, model } = candidates[state.position]!;
      way.push(`${model}@${endpoint.name}`);
      const step = nextStep(candidates, state, failure);
      if (step.do === 'fail') return way;
      if (step.do === 'reroute') expect(step.to).toBe(candidates[step.progress.position]);
      // what a turn notes between two attempts is read back from JSON
      state = progress.parse(JSON.parse(JSON.stringify(step.progress)));
    }
    throw new Error(`The turn never ends: ${way.slice(0, 5).join(', ')} and so on.`);
  }

  it.each<[string, GatewayFailure, string[]]>([
    ['is final', after({ action: 'fail' }), ['one@a']],
    ['is of the model', next, ['one@a', 'one@b', 'two@a']],
    ['may pass', retry({ tries: 1, lastTries: 2 }), ['one@a', 'one@a', 'one@b', 'one@b', 'two@a', 'two@a', 'two@a']],
  ])('comes to an end when every failure %s', (_, failure, way) => {
    expect(walk([a1, b1, a2], failure)).toEqual(way);
  });

  it('ends when configuration has taken away the candidate that a turn had come to', () => {
    expect(nextStep([a1], at(7), next)).toEqual({ do: 'fail' });
  });
});

describe('a turn that gets on', () => {
  it('has its failures counted anew', () => {
    expect(withText({ ...at(1, 3), rests: 2 }, 300)).toEqual({ ...at(1), reached: 300 });
  });

  it('has them counted on where it has added next to nothing', () => {
    const noted = { ...at(1, 3), reached: 300 };
    expect(withText(noted, 555)).toEqual(noted);
    expect(withText(noted, 556)).toMatchObject({ tries: 0, reached: 556 });
  });

  it('has them counted on where it begins anew, until it has more than ever', () => {
    const noted = { ...at(0, 2), reached: 1000 };
    expect(withText(noted, 900)).toEqual(noted);
  });
});

describe('what a turn notes about its way', () => {
  it('is understood as earlier versions wrote it', () => {
    expect(progress.parse({ position: 1, tries: 2 })).toEqual(at(1, 2));
  });

  it.each([null, undefined, {}, { position: -1, tries: 0 }, { position: 0.5, tries: 0 }, { position: 0, tries: '1' }])(
    'is not taken from %j',
    (noted) => {
      expect(progress.safeParse(noted).success).toBe(false);
    },
  );
});
