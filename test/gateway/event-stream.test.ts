/** A gateway's stream is split into whole events, however its bytes are split. */
import { EventCutter } from '../../src/gateway/event-stream';
import { createChance } from '../support/chance';

/** Each event passed on at its end has an empty line appended. */
async function split(text: string, chunkLength = text.length): Promise<string[]> {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkLength) }, (_, i) =>
    bytes.subarray(i * chunkLength, (i + 1) * chunkLength),
  );
  const events: string[] = [];
  const cutter = new EventCutter((event) => events.push(`${event.toString()}\n\n`));
  for (const chunk of chunks) cutter.take(chunk);
  return Promise.resolve([...events, cutter.end().toString()].filter(Boolean));
}

/** The lines of the events, whatever their line ends. */
const listLines = (events: readonly string[]) =>
  events
    .join('')
    .split(/\r\n|[\r\n]/)
    .filter(Boolean);

it.each(['\n', '\r\n', '\r'])(
  'with lines that end in %j, each event is passed on as soon as it is complete, wherever it is cut',
  async (end) => {
    const chance = createChance(1);
    const texts = ['data: {"a": 1}', 'event: x', 'data: Grüße 🐦', 'id: 7'];
    for (let round = 0; round < 200; round++) {
      const events = Array.from({ length: 3 }, () =>
        Array.from({ length: 1 + chance.below(3) }, () => chance.pick(texts)),
      );
      const whole = events.map((lines) => lines.map((line) => line + end).join('') + end).join('');
      const found = await split(whole, 1 + chance.below(20));
      expect(listLines(found)).toEqual(events.flat());
      expect(found.every((event) => /(?:\r\r|\n\n|\r\n\r\n)$/.test(event))).toBe(true);
    }
  },
);

it('drops comments and empty events, and returns the rest at the end', async () => {
  expect(listLines(await split(': ping\n\n\n\ndata: 1\n\n: ping\n\ndata: 2'))).toEqual(['data: 1', 'data: 2']);
});

it('moves an error of the field `error:` to where clients look for it', async () => {
  expect(listLines(await split('error: {"code":500}\n\n', 3))).toEqual(['data: {"error":{"code":500}}']);
});

it('an event without an end is rejected at four megabytes', async () => {
  await expect(split('x'.repeat(5 * 1024 * 1024), 65_536)).rejects.toThrow('an event of more than');
});
