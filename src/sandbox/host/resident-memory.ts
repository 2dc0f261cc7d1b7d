/**
 * The resident memory of a process and its descendants, as reported by Linux; 0 if it cannot be read, in which case the other limits still
 * apply.
 */
import { readFileSync } from 'node:fs';

const RESIDENT_KB = /^VmRSS:\s+(\d+) kB$/m;

export function readResidentMemory(pid: number): number {
  try {
    const [, kilobytes = '0'] = RESIDENT_KB.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children
      .split(' ')
      .filter(Boolean)
      .reduce((sum, child) => sum + readResidentMemory(Number(child)), Number(kilobytes) * 1024);
  } catch {
    return 0;
  }
}
