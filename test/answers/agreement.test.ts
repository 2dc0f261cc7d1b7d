/** The agreement of a debate matches its definition. */
import { AGREED, measureAgreement, findMajority } from '../../src/answers/agreement';
import { readPosition } from '../../src/answers/position';
import { shuffle } from '../../src/answers/shuffle';
import type { Stance } from '../../src/contract/names';

describe('the position of a voice', () => {
  it.each([
    ['POSITION: for, CONFIDENCE: 80\nBecause.', 'for', 0.8],
    ['**POSITION: against**, **CONFIDENCE: 7%**', 'against', 0.07],
    ['Position: Depends', 'depends', null],
    ['POSITION: for | against', null, null],
    ['POSITION: for, against or depends, CONFIDENCE: 0-100\nPOSITION: against', 'against', null],
    ['POSITION: for, CONFIDENCE: 900', 'for', 1],
    ['I am for it.', null, null],
    ['POSITION: forget it', null, null],
    ['POSITION: Yes, we should use Kubernetes.', 'for', null],
    ["**Position**: I'm in favour, with care", 'for', null],
    ['POSITION: No. CONFIDENCE: high', 'against', null],
    ['POSITION: I am against it', 'against', null],
    ['POSITION: It depends on the team', 'depends', null],
    ['POSITION: Yes and no', null, null],
    ['POSITION: yes or no\nPOSITION: Not sure\nPOSITION: No position', null, null],
    ['POSITION: Yes\nPOSITION: against, CONFIDENCE: 70', 'against', 0.7],
    ['', null, null],
    ['Position — against (confidence 95%)', 'against', 0.95],
    ['POSITION：for，CONFIDENCE：80', 'for', 0.8],
    ['- **POSITION:** *depends*, CONFIDENCE: 0.9', 'depends', 0.9],
    ['POSITION: for, CONFIDENCE: 0,8', 'for', 0.8],
    ['POSITION: for, CONFIDENCE: 72,5 %', 'for', 0.725],
    ['POSITION: for, CONFIDENCE: 9/10', 'for', 0.9],
    ['POSITION: for, CONFIDENCE: 80/100', 'for', 0.8],
    ['POSITION: for, CONFIDENCE: 0', 'for', 0],
    ['POSITION: for, CONFIDENCE: -5', 'for', null],
    ['POSITION: for, CONFIDENCE: 60-80', 'for', null],
    ['POSITION: for, CONFIDENCE: 99999999999', 'for', 1],
    ['POSITION: for, CONFIDENCE: high', 'for', null],
    ['POSITION: for or against', null, null],
    ['POSITION: for and against', null, null],
    ['POSITION: for? No', null, null],
    ['POSITION: not for', null, null],
    ['POSITION: f\u043er', null, null],
    ['My POSITION: for', null, null],
    ['POSITION:\nagainst, CONFIDENCE: 70', 'against', 0.7],
    ['POSITION: against\nVoice A says\nPOSITION: for', 'against', null],
    ['Voice A said so at first.\nPOSITION: for\nI differ.\nPOSITION: against', 'against', null],
    ['I read:\n```\nPOSITION: for\n```\nPOSITION: against', 'against', null],
    ['I read:\n```\nPOSITION: for\n```', null, null],
    ['Voice A said:\n> POSITION: for', null, null],
    ['Voice A said "yes\nPOSITION: for"', null, null],
    ['The code says\n# POSITION: for', null, null],
    ['<think>POSITION: for</think>POSITION: against', 'against', null],
  ])('of %j is %j, %j', (text, stance, confidence) => {
    expect(readPosition(text)).toEqual({ stance, confidence });
  });
});

describe('the agreement', () => {
  const voice = (stance: string, text = '') => `POSITION: ${stance}\n${text}`;

  it.each([
    ['one voice', [voice('for')], 1],
    ['the same words', [voice('for', 'Containers scale'), voice('for', 'Containers scale')], 1],
    ['the same stance, no shared word', [voice('for', 'Containers scale'), voice('for', 'Cheaper hosting')], 0.8],
    ['opposite stances, the same words', [voice('for', 'Containers scale'), voice('against', 'Containers scale')], 0.2],
    ['opposite stances', [voice('for', 'Containers'), voice('against', 'Hosting')], 0],
    ['one that depends', [voice('for', 'Containers'), voice('depends', 'Hosting')], 0.4],
    ['two of three', [voice('for', 'a'), voice('for', 'b'), voice('against', 'c')], 0.267],
    ['no stance and half of the words', ['Containers scale', 'Containers cost'], 0.333],
  ])('of %s matches its definition', (_, texts, expected) => {
    expect(measureAgreement(texts)).toBeCloseTo(expected, 3);
  });

  it('does not depend on the order of the voices', () => {
    const texts = [voice('for', 'Containers scale'), voice('against', 'Costs grow'), voice('depends', 'Teams differ')];
    expect(measureAgreement([...texts].reverse())).toBe(measureAgreement(texts));
  });

  it('reaches the threshold exactly if all declare the same stance', () => {
    const stances: Stance[] = ['for', 'against', 'depends'];
    for (const a of stances)
      for (const b of stances)
        for (const c of stances) {
          const agreed = measureAgreement([voice(a, 'one'), voice(b, 'two'), voice(c, 'three')]) >= AGREED;
          expect([a, b, c, agreed]).toEqual([a, b, c, a === b && b === c]);
        }
  });

  it('counts the inflections of a word as one', () => {
    expect(measureAgreement(['deploy', 'deployment'].map((word) => voice('for', word)))).toBeLessThan(1);
    expect(measureAgreement(['deployments', 'deployment'].map((word) => voice('for', word)))).toBe(1);
  });
});

it.each([
  [['for', 'for', 'against'], 'for'],
  [['for', 'against'], null],
  [['depends', null, null], 'depends'],
  [[null, null], null],
  [[], null],
] as [(Stance | null)[], Stance | null][])('the majority of %j is %j', (stances, majority) => {
  expect(findMajority(stances)).toBe(majority);
});

describe('the shuffle', () => {
  const items = ['a', 'b', 'c', 'd', 'e'];

  it('keeps every item, does not modify its input, and is the same for the same seed', () => {
    expect(shuffle(items, 'seed').sort()).toEqual(items);
    expect(shuffle(items, 'seed')).toEqual(shuffle([...items], 'seed'));
    expect(items).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('puts each item at each place about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 5000; seed++)
      shuffle(items, `seed ${seed}`).forEach((item, place) => {
        counts.set(`${item}${place}`, (counts.get(`${item}${place}`) ?? 0) + 1);
      });
    expect(counts.size).toBe(25);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
