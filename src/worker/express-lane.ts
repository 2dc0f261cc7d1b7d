/** A worker's express lane: accepts runs that APIs are starting, of any process or of this one. */
import type { Config } from '../config/config';
import type { SwarmRunInput } from '../contract';
import type { Logger } from '../log';
import type { ExpressLane, RunStart } from '../model-call/express-lane';
import { receiveHandovers, type StartHandover } from '../redis/start-handover';
import type { RedisConnection } from '../redis/connect';
import { listFirstRequests } from '../workflows/first-turns';
import type { LocalStarts } from './local-starts';

export interface StartReceiver {
  /** Begins the first turns of a run that is being started, if they are known and this worker may take them. */
  announce(input: SwarmRunInput): RunStart | undefined;
  takesStarts(): boolean;
}

/**
 * `mayBegin` is false while new runs go to another build, whose first turns may differ. `onError` receives what goes wrong with an input: a
 * run that cannot begin here must still be started.
 */
function createStartReceiver(
  lane: Pick<ExpressLane, 'begin'>,
  mayBegin: () => boolean,
  onError: (error: unknown) => void,
): StartReceiver {
  return {
    announce(input) {
      try {
        return mayBegin() ? lane.begin(listFirstRequests(input)) : undefined;
      } catch (error) {
        onError(error);
        return undefined;
      }
    },
    takesStarts: mayBegin,
  };
}

/** `subscriber` must be a connection that is used for nothing but subscriptions. */
export async function receiveStarts(
  subscriber: RedisConnection,
  workerId: string,
  lane: Pick<ExpressLane, 'reveal' | 'cancel'>,
  { announce }: StartReceiver,
  onError: (error: unknown) => void,
): Promise<void> {
  const starts = new Map<string, RunStart>();
  const receive = (message: StartHandover) => {
    switch (message.kind) {
      case 'starting': {
        const start = announce(message.input);
        if (!start) return;
        starts.set(message.start_id, start);
        void start.ended.finally(() => starts.delete(message.start_id));
        return;
      }
      case 'running':
        return lane.reveal(message.run_id);
      case 'stopped':
        return lane.cancel(message.run_id, message.turn);
      default:
        starts.get(message.start_id)?.[message.kind]();
    }
  };
  await receiveHandovers(subscriber, workerId, receive, onError);
}

interface LaneSurroundings {
  config: Config;
  subscriber: RedisConnection;
  /** Of this worker. */
  id: string;
  log: Logger;
  /** Whether new runs go to this worker's build. */
  isCurrent: () => boolean;
  local: LocalStarts | undefined;
}

/** From now on, APIs may hand runs that they start to this worker, until the process is told to stop. */
export async function openExpressLane(
  lane: ExpressLane,
  { config, subscriber, id, log, isCurrent, local }: LaneSurroundings,
): Promise<StartReceiver> {
  let isStopping = false;
  const stop = () => {
    isStopping = true;
    lane.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const mayBegin = () => config.EXPRESS_LANE === 'on' && !isStopping && isCurrent();
  const onError = (error: unknown) => log.warn({ error }, 'a run did not begin in the express lane');
  const receiver = createStartReceiver(lane, mayBegin, onError);
  local?.connect(receiver);
  await receiveStarts(subscriber, id, lane, receiver, onError);
  return receiver;
}
