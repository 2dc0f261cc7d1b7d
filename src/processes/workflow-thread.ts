/**
 * A thread for workflow code: the module of Temporal's SDK. After Node has stopped code that took too long, the thread clears the stack of
 * async contexts, whose remains would end the process (`workflow-threads.ts`).
 */
import vm from 'node:vm';
import '@temporalio/worker/lib/workflow/workflow-worker-thread';

/** Node's handler of uncaught errors; if a listener handles the error, Node clears the stack. */
type HandleUncaught = (error: unknown) => boolean;

const { runInContext } = vm.Script.prototype;

vm.Script.prototype.runInContext = function run(...args): unknown {
  try {
    return runInContext.apply(this, args) as unknown;
  } catch (error) {
    if (isTimeout(error)) emptyContextStack(error);
    throw error;
  }
};

/** Compares the code, because the error is from the context in which the code ran and not an instance of this context's `Error`. */
function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

/** Uses an internal function, because Node has no public one. The error itself is rethrown to the SDK, which fails the workflow task. */
function emptyContextStack(error: unknown): void {
  const handleUncaught = (process as unknown as { _fatalException?: HandleUncaught })._fatalException;
  const take = () => undefined;
  process.on('uncaughtException', take);
  try {
    handleUncaught?.(error);
  } finally {
    process.off('uncaughtException', take);
  }
}
