/** What is kept of a run: as `--json` writes it, and in bench/results. */
import type { Complaint } from '../scenarios/scenario';
import type { Size } from '../sizes';
import type { Verdict } from './bars';
import type { Machine } from './machine';
import type { Figure } from './summary';

export interface BenchRecord {
  machine: Machine;
  size: Size;
  seconds: number;
  bars: Verdict[];
  complaints: Complaint[];
  figures: Figure[];
}
