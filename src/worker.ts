/** The entry point of the worker process. */
import { startProcess } from './start-process';
import { startWorkflowThread } from './worker/workflow-threads';

startWorkflowThread();
startProcess('worker');
