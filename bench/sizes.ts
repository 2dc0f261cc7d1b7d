/** How much is measured: `--quick` for a look, the default for figures to show, `--full` also for what overloads two cores. */

export interface Size {
  rounds: number;
  /** Jobs of a round for the latency of one user, and of each team. */
  latencyJobs: number;
  teamJobs: number;
  /** How long a load lasts, and how many users it has: 100-token jobs, then 1k-token jobs. */
  loadSeconds: number;
  users: number[];
  longUsers: number[];
  /** Slow streams at once, tokens of each, and rounds of it. */
  streams: number[];
  streamTokens: number;
  streamRounds: number;
  /** Watchers of one run. */
  watchers: number[];
  /** Rounds of crashes and of gateway faults. */
  faultRounds: number;
  /** Whether crash and faults are also shown for `direct`, and the product also over WebSocket. */
  thorough: boolean;
}

export type SizeName = 'quick' | 'default' | 'full';

const DEFAULT: Size = {
  rounds: 3,
  latencyJobs: 25,
  teamJobs: 5,
  loadSeconds: 5,
  users: [1, 16, 64],
  longUsers: [1, 16],
  streams: [64, 100],
  streamTokens: 40,
  streamRounds: 2,
  watchers: [100],
  faultRounds: 2,
  thorough: true,
};

export const SIZES: Record<SizeName, Size> = {
  quick: {
    ...DEFAULT,
    rounds: 1,
    latencyJobs: 10,
    teamJobs: 2,
    loadSeconds: 2,
    users: [16, 64],
    longUsers: [16],
    streams: [64],
    streamTokens: 30,
    streamRounds: 1,
    faultRounds: 1,
    thorough: false,
  },
  default: DEFAULT,
  full: { ...DEFAULT, streams: [64, 100, 1000], watchers: [100, 1000] },
};
