/** The entry point of a process that is API and worker at once. */
import { startProcess } from './start-process';
import { startWorkflowThread } from './worker/workflow-threads';

startWorkflowThread();
startProcess('all');
