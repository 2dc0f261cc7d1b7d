/** All scenarios of a size, in table order. */
import type { Size } from '../sizes';
import { admission } from './admission';
import { append } from './append';
import { boot } from './boot';
import { capacity } from './capacity';
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

export function listScenarios(size: Size): Scenario[] {
  const most = Math.max(...size.users);
  return [
    latency,
    admission,
    append,
    teams,
    ...size.users.map((users) => rate(users, { withMemory: users === most })),
    ...size.longUsers.map(long),
    ...size.streams.map(streams),
    ...size.watchers.map(watchers),
    sandbox,
    faults,
    boot,
    crash,
    ...size.capacity.map(capacity),
  ];
}
