/** Log entries of activities, workflows and the SDK reach the process log with their attributes, but without model output. */
import { ApplicationFailure, SdkComponent } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Context } from '@temporalio/activity';
import { createLog } from '../src/log';
import { createTemporalLogger } from '../src/temporal/logger';

let lines: Record<string, unknown>[];
let logger: ReturnType<typeof createTemporalLogger>;
beforeEach(() => {
  lines = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  logger = createTemporalLogger(createLog('worker', 'info', stream));
});

test('an error that an activity logs appears with its reason and its run', async () => {
  const env = new MockActivityEnvironment({ workflowExecution: { workflowId: 'run-1', runId: 'r' } }, { logger });
  await env.run(async () => {
    Context.current().log.error('it broke', { error: new Error('EACCES'), workers: ['a'] });
    Context.current().log.info('not this');
  });
  expect(lines).toMatchObject([
    { level: 50, msg: 'it broke', workflowId: 'run-1', workers: ['a'], error: { message: 'EACCES' } },
  ]);
  expect(lines[0]).not.toHaveProperty('taskToken');
});

test('both logging methods of the SDK are supported', () => {
  logger.warn('first', { sdkComponent: SdkComponent.worker, attempt: 2 });
  logger.log('ERROR', 'second', { sdkComponent: SdkComponent.workflow, workflowId: 'run-2' });
  logger.log('INFO', 'not this');
  expect(lines).toMatchObject([
    { level: 40, msg: 'first', attempt: 2 },
    { level: 50, msg: 'second', workflowId: 'run-2' },
  ]);
});

test('of an error that the SDK logs for an activity, only the type is kept', () => {
  const error = ApplicationFailure.create({ message: 'The model said: a secret', type: 'BAD_REQUEST' });
  logger.warn('Activity failed', { sdkComponent: SdkComponent.worker, error });
  expect(lines).toMatchObject([{ msg: 'Activity failed', failure: 'ApplicationFailure BAD_REQUEST' }]);
  expect(JSON.stringify(lines)).not.toContain('secret');
});
