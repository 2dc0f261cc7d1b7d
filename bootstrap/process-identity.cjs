// @ts-check
// A pid alone does not identify a process, because the system reuses pids. A pid together with the start time of its process does.

const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

/**
 * Returns a value that distinguishes this process from all others that ever had its pid; undefined if no such process lives.
 * @param {number} pid
 * @returns {string | undefined}
 */
function identifyProcess(pid) {
  try {
    return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid);
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function identifyByProc(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name is in brackets and may contain blanks; it is followed by the state and, 19 fields later, the start time.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
}

/** @param {number} pid */
function identifyByPs(pid) {
  const [state = 'Z', ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/);
  return state.startsWith('Z') ? undefined : started.join(' ');
}

module.exports = { identifyProcess };
