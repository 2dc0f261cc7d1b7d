// @ts-check
// When the supervisor itself is killed, nobody is left to stop its children. The guard is a shell of 1 MB in a process
// group of its own that waits on a pipe from the supervisor; when the pipe closes, it stops whatever the pid files
// still name. After an orderly stop they name nothing.

import { spawn } from 'node:child_process';

// A dead child whose new parent is slow to notice (a zombie) counts as gone. Pids are read once, at the moment of
// death: a new start may write new ones while the old children are being stopped.
const SCRIPT = `
trap '' INT HUP TERM
lives() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
while read -r _; do :; done
pids=''
for name in "$@"; do
  if [ -f "$name.pid" ]; then pids="$pids $(cat "$name.pid")"; fi
done
for pid in $pids; do
  kill -TERM "$pid" 2>/dev/null || continue
  n=0
  while lives "$pid" && [ "$n" -lt 40 ]; do sleep 0.2; n=$((n + 1)); done
  if lives "$pid"; then kill -KILL "$pid"; fi
done
`;

/**
 * Starts the guard; it ends with this process.
 * @param {string} runDir
 * @param {string[]} order names of the children in the order in which to stop them
 */
export function startGuard(runDir, order) {
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'murmuration-guard', ...order], {
    cwd: runDir,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin?.on('error', () => undefined);
  // The pipe must stay open for as long as this process lives, yet not keep it alive.
  guard.unref();
  /** @type {any} */ (guard.stdin)?.unref?.();
}
