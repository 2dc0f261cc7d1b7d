/** All scenarios of a size, in the order of the table. */
import type { Size } from '../sizes';
import { admission } from './admission';
import { crash } from './crash';
import { faults } from './faults';
import { latency } from './latency';
import { long } from './long';
import { rate } from './rate';
import type { Scenario } from './scenario';
import { sandbox } from './sandbox';
import { streams } from './streams';
import { teams } from './teams';
import { watchers } from './watchers';

export function scenariosOf(size: Size): Scenario[] {
  const most = Math.max(...size.users);
  return [
    latency,
    admission,
    teams,
    ...size.users.map((users) => rate(users, { withMemory: users === most })),
    ...size.longUsers.map(long),
    ...size.streams.map(streams),
    ...size.watchers.map(watchers),
    sandbox,
    faults,
    crash,
  ];
}
