/** The connection to Temporal as the API uses it: search attributes are made sure of once, and calls have a deadline. */
import { Client, Connection } from '@temporalio/client';
import type { Config } from '../config';
import { SEARCH_ATTRIBUTES } from '../contract/names';
import type { Logger } from '../log';
import { temporalConnection } from '../temporal-connection';

export interface TemporalHandle {
  client: Client;
  /** Whether runs can carry our search attributes: a server may forbid to register them. */
  searchable: boolean;
}

const KEYWORD = 2;
/** A fork reads histories, and those of long messages are long. Bytes. */
const LONGEST_HISTORY_PAGE = 64 * 1024 * 1024;

export async function connectTemporal(config: Config, log: Logger): Promise<TemporalHandle> {
  const connection = await Connection.connect({
    ...temporalConnection(config),
    connectTimeout: '10s',
    channelArgs: { 'grpc.max_receive_message_length': LONGEST_HISTORY_PAGE },
  });
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  return { client, searchable: await registerAttributes(client, config.TEMPORAL_NAMESPACE, log) };
}

async function registerAttributes(client: Client, namespace: string, log: Logger): Promise<boolean> {
  const { operatorService } = client.connection as Connection;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(SEARCH_ATTRIBUTES).filter((name) => !(name in (customAttributes ?? {})));
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
      await operatorService.addSearchAttributes({ namespace, searchAttributes });
    }
    return true;
  } catch (error) {
    log.warn(
      { error },
      `register the search attributes ${Object.values(SEARCH_ATTRIBUTES).join(', ')} (Keyword) to filter runs`,
    );
    return false;
  }
}
