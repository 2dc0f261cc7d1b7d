/** Calculates how many sandbox processes this machine has room for. */
import { availableParallelism, freemem } from 'node:os';

/** The number of programs that run concurrently, and of warm processes that wait for the next ones. */
export interface Capacity {
  concurrency: number;
  /** The maximum; fewer if little memory is available. */
  spares: number;
}

const LEAST_CONCURRENCY = 2;
/** The maximum memory of a process, including everything around its program, as a multiple of the program's own limit. */
const WHOLE_PROCESS = 3;
/** Memory that must stay available, as a multiple of one program's limit. */
const RESERVE = 8;
/** The number of spares in addition to the concurrency. */
const AHEAD = 2;

/**
 * The concurrency is at least two, and otherwise limited by the processors and by a quarter of the memory. `memoryBytes` is the limit of
 * one program.
 */
export function measureCapacity(
  memoryBytes: number,
  machine = { processors: availableParallelism(), availableBytes: availableBytes() },
): Capacity {
  const held = Math.floor(machine.availableBytes / 4 / (WHOLE_PROCESS * memoryBytes));
  const concurrency = Math.max(LEAST_CONCURRENCY, Math.min(machine.processors, held));
  return { concurrency, spares: concurrency + AHEAD };
}

/** Whether there is memory for another spare process. */
export function hasMemoryForSpare(memoryBytes: number, available = availableBytes()): boolean {
  return available >= RESERVE * memoryBytes;
}

/** Respects the limits of a container. Node before 20.13 reports only the free memory of the machine. */
function availableBytes(): number {
  const { availableMemory = freemem } = process as Partial<Pick<NodeJS.Process, 'availableMemory'>>;
  return availableMemory();
}
