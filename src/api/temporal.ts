/** The API's connection to Temporal: registers search attributes once, and gives calls a deadline. */
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionOptions,
} from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Config } from '../config/config';
import { SEARCH_ATTRIBUTES } from '../contract/names';
import type { Logger } from '../log';
import { checkRetention } from '../temporal/namespace';
import { temporalClientConnection } from '../temporal/connection';

export interface TemporalHandle {
  client: Client;
  /**
   * Starts runs. Over the connection of a worker in the same process, if there is one: Temporal then returns the first workflow task to that
   * worker in the reply.
   */
  startWorkflow: Client['workflow']['start'];
  namespace: string;
  /** The task queue of runs. A workflow on another queue of the namespace is not a run of this deployment. */
  taskQueue: string;
  /** Whether runs can carry the search attributes: a server may deny their registration. */
  searchable: boolean;
  /** Whether the Temporal Web UI can list the beginning of a message. */
  listsMessages: boolean;
}

const KEYWORD = 2;
/** A fork reads histories, and long messages make them large. Bytes. */
const LONGEST_HISTORY_PAGE = 64 * 1024 * 1024;

/** The client retries a call for about 20 s; a call that hangs would otherwise wait forever. */
const CALL_LIMIT_MS = 20_000;
/** Calls that the server keeps open until there is a result. */
const LONG_POLLS = ['GetWorkflowExecutionHistory', 'UpdateWorkflowExecution', 'PollWorkflowExecutionUpdate'];

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions());

/** Adds a deadline to each call without one; all of its attempts share that deadline. */
const retryWithinDeadline: Interceptor = (options, nextCall) => {
  const method = options.method_definition.path.split('/').at(-1) ?? '';
  if (options.deadline !== undefined || LONG_POLLS.includes(method)) return retry(options, nextCall);
  return retry({ ...options, deadline: Date.now() + CALL_LIMIT_MS }, nextCall);
};

export async function connectTemporal(config: Config, log: Logger, worker?: NativeConnection): Promise<TemporalHandle> {
  const { channelArgs, ...server } = temporalClientConnection(config);
  const connection = await Connection.connect({
    ...server,
    connectTimeout: '10s',
    interceptors: [retryWithinDeadline],
    channelArgs: { ...channelArgs, 'grpc.max_receive_message_length': LONGEST_HISTORY_PAGE },
  });
  const { TEMPORAL_NAMESPACE: namespace, TASK_QUEUE: taskQueue } = config;
  const client = new Client({ connection, namespace });
  await checkRetention(client, config, log);
  const startWorkflow = worker ? startEagerly(worker, namespace) : client.workflow.start.bind(client.workflow);
  return { client, startWorkflow, namespace, taskQueue, ...(await registerAttributes(client, namespace, log)) };
}

/** The library of the workers repeats a call itself, also within the deadline. */
function startEagerly(worker: NativeConnection, namespace: string): TemporalHandle['startWorkflow'] {
  const { workflow } = new Client({ connection: worker, namespace });
  return (type, options) =>
    worker.withDeadline(Date.now() + CALL_LIMIT_MS, () =>
      workflow.start(type, { ...options, requestEagerStart: true }),
    );
}

type Attributes = Pick<TemporalHandle, 'searchable' | 'listsMessages'>;

async function registerAttributes(client: Client, namespace: string, log: Logger): Promise<Attributes> {
  const { operatorService } = client.connection as Connection;
  const names: string[] = Object.values(SEARCH_ATTRIBUTES);
  let missing = names;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    missing = names.filter((name) => !(name in (customAttributes ?? {})));
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
      await operatorService.addSearchAttributes({ namespace, searchAttributes });
    }
    missing = [];
  } catch (error) {
    log.warn({ error }, `register the search attributes ${missing.join(', ')} (Keyword) to filter runs`);
  }
  const listsMessages = !missing.includes(SEARCH_ATTRIBUTES.message);
  return { searchable: missing.every((name) => name === SEARCH_ATTRIBUTES.message), listsMessages };
}
