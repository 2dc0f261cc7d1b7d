/**
 * Stops the children if the supervisor itself is killed. The guard is a 1 MB shell in its own process group that waits on a pipe from the
 * supervisor. When the pipe closes, it stops the processes that the pid files still name. After an orderly stop, they name none.
 */
import { spawn } from 'node:child_process';

// A dead child that its new parent has not reaped yet (a zombie) counts as gone. Pids are read once, at the moment of
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

/** Starts the guard, which ends with this process. `order`: names of the children in the order in which they are stopped. */
export function startGuard(runDir: string, order: string[]): void {
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'murmuration-guard', ...order], {
    cwd: runDir,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  // The pipe must stay open while this process lives, but must not keep it alive.
  guard.unref();
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
}
