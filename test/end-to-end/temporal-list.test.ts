/** The entry of a run in the list of the Temporal Web UI. */
import { Client, Connection } from '@temporalio/client';
import { post } from '../support/readers';
import { createStack, until, type Stack } from '../support/stack';

let stack: Stack;
beforeAll(async () => (stack = await createStack()), 60_000);
afterAll(() => stack.stop());

test('the list shows the start of the message on one line', async () => {
  stack.gateway.always('balanced-model', { tokens: { count: 2 } });
  const message = `Compare\nthese two  plans: ${'x'.repeat(300)}`;
  const { body } = await post(`${stack.url}/swarm/execute`, { swarm_id: 'one-voice', message });
  const connection = await Connection.connect({ address: process.env.TEMPORAL_TEST_ADDRESS! });
  try {
    const client = new Client({ connection });
    const listed = await until(async () => {
      const query = `RunMessage STARTS_WITH 'Compare these two plans: xxx' AND WorkflowId = '${body.run_id}'`;
      for await (const execution of client.workflow.list({ query })) return execution;
      return undefined;
    });
    const [shown] = listed.searchAttributes.RunMessage as string[];
    expect(shown).toHaveLength(199);
  } finally {
    await connection.close();
  }
});
