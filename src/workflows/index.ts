/** All workflows that a worker runs. The export names are the workflow types in Temporal. */
import { setWorkflowOptions } from '@temporalio/workflow';
import { runSwarm } from './run-swarm';
import { summarise } from './summarise';

// An error thrown by workflow code fails its run; by default Temporal would retry the workflow task forever, on one worker after another.
// Nondeterminism is not such an error: a faulty deployment causes it, and the run recovers once the deployment is fixed.
const failOnError = { failureExceptionTypes: [Error] };
setWorkflowOptions(failOnError, runSwarm);
setWorkflowOptions(failOnError, summarise);

export { runSwarm, summarise };
