/** How much is measured: `--quick` for a first look, the default for publishable figures, `--full` also for loads beyond two cores. */

export interface Size {
  rounds: number;
  /** Jobs per round for the latency of one user, and of each team. */
  latencyJobs: number;
  teamJobs: number;
  /** Duration of a load, and its numbers of users: for 100-token jobs, then for 1k-token jobs. */
  loadSeconds: number;
  users: number[];
  longUsers: number[];
  /** Numbers of concurrent slow streams, tokens of each, and rounds. */
  streams: number[];
  streamTokens: number;
  streamRounds: number;
  /** Numbers of watchers of one run. */
  watchers: number[];
  /** Numbers of live streams whose needs are measured, half a minute each. */
  capacity: number[];
  /** Rounds of crashes and of gateway faults. */
  faultRounds: number;
  /** Whether crashes and faults are also run for `direct`, and the product also over WebSocket. */
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
  streams: [64, 100, 1000],
  streamTokens: 40,
  streamRounds: 2,
  watchers: [100],
  capacity: [],
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
  full: { ...DEFAULT, watchers: [100, 1000], capacity: [1, 10, 100, 1000] },
};
