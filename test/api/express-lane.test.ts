/** Which worker an API hands a run to that it is starting. */
import { createHandover } from '../../src/api/express-lane';
import type { SwarmRunInput } from '../../src/contract';
import { startsChannel } from '../../src/redis/keys';
import { nameQueue } from '../../src/redis/start-handover';
import type { WorkerReport } from '../../src/redis/workers';

const QUEUE = nameQueue('default', 'mine');
/** Its beginning is known: no session, no gate, no fork. */
const INPUT = { message: 'Count' } as SwarmRunInput;

function hand(workers: Partial<WorkerReport>[]) {
  const published: string[] = [];
  const publish = (channel: string) => Promise.resolve(published.push(channel) > 0 ? 1 : 0);
  const announce = createHandover({ publish } as never, QUEUE, () => workers as WorkerReport[]);
  return { start: announce(INPUT), published };
}

test('a run whose beginning is known goes to a worker of its own queue', () => {
  const { start, published } = hand([
    { id: 'other', handoverQueue: nameQueue('default', 'theirs') },
    { id: 'elsewhere', handoverQueue: nameQueue('another', 'mine') },
    { id: 'closed' },
    { id: 'own', handoverQueue: QUEUE },
  ]);
  expect(start).toBeDefined();
  expect(published).toEqual([startsChannel('own')]);
});

test('workers of other deployments, whose gateways are others, get nothing', () => {
  const { start, published } = hand([{ id: 'other', handoverQueue: nameQueue('default', 'theirs') }, { id: 'old' }]);
  expect(start).toBeUndefined();
  expect(published).toEqual([]);
});
