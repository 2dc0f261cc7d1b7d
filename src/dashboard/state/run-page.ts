/** One entry and one page of `GET /runs`. */
import type { Lineage, RunScope, RunStatus } from '../../contract';

export interface RunEntry extends RunScope {
  swarm_id: string;
  status: RunStatus;
  message: string;
  started_at: string;
  ended_at: string | null;
  forked_from: Lineage | null;
}

export interface RunPage {
  runs: RunEntry[];
  next_page: string | null;
}
