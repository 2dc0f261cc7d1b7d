/** Resident memory of a process and of those beneath it, as Linux tells it; 0 where it can't be read, the other limits still hold. */
import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;

export function memoryOf(pid: number): number {
  try {
    const own = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children
      .split(' ')
      .filter(Boolean)
      .reduce((sum, child) => sum + memoryOf(Number(child)), own);
  } catch {
    return 0;
  }
}
