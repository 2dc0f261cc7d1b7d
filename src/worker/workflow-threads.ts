/**
 * The threads for workflow code. They keep a worker alive after its workflow code was stopped for taking too long: Node stops the code in
 * the middle of its async hooks, leaves their entries on the stack of async contexts, and then ends the process: "async hook stack has become
 * corrupted" (nodejs/node#38503).
 */
import path from 'node:path';
import workerThreads, { type Worker, type WorkerOptions } from 'node:worker_threads';

const SDK_THREAD = /[\\/]workflow-worker-thread\.js$/;
const OUR_THREAD = path.join(__dirname, 'workflow-thread.js');

/**
 * From now on, threads that Temporal's SDK starts for workflow code begin with `workflow-thread.ts`. The first of them starts at once, and
 * loads its modules while the worker loads its own.
 */
export function startWorkflowThread(): void {
  const { Worker: ThreadOfNode } = workerThreads;
  let started: Worker | undefined = new ThreadOfNode(OUR_THREAD);
  workerThreads.Worker = class WorkflowThread extends ThreadOfNode {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      const isWorkflowThread = typeof file === 'string' && SDK_THREAD.test(file);
      if (isWorkflowThread && started) {
        const thread = started;
        started = undefined;
        return thread;
      }
      super(isWorkflowThread ? OUR_THREAD : file, options);
    }
  };
}
