// A separate process with a worker whose workflows misbehave. Environment: TEMPORAL_ADDRESS, TASK_QUEUE, BUNDLE (a file), BUILD_ID of the
// build that new runs use, and UNPROTECTED to run without the protection that keeps the process alive.
/* global __dirname */
const path = require('node:path');
const { NativeConnection, Worker } = require('@temporalio/worker');
const dist = path.join(__dirname, '../../dist');
const { WORKFLOW_OPTIONS } = require(path.join(dist, 'worker/workflow-options.js'));
const { startWorkflowThread } = require(path.join(dist, 'worker/workflow-threads.js'));
const { pinnedTo } = require(path.join(dist, 'worker/deployment.js'));

const {
  TEMPORAL_ADDRESS: address,
  TASK_QUEUE: taskQueue,
  BUNDLE: codePath,
  BUILD_ID: buildId,
  UNPROTECTED,
} = process.env;

async function main() {
  if (!UNPROTECTED) startWorkflowThread();
  const connection = await NativeConnection.connect({ address });
  const version = pinnedTo({ deploymentName: taskQueue, buildId });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath },
    ...version,
    ...WORKFLOW_OPTIONS,
  });
  process.on('SIGTERM', () => worker.shutdown());
  process.stdout.write(`${JSON.stringify({ msg: 'worker ready' })}\n`);
  await worker.run();
  await connection.close();
}

void main();
