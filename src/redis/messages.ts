/** Receives messages of Redis publish/subscribe. Every client of the server can publish there, so a message may contain anything. */
import type { RedisConnection } from './connect';

export interface Receiver<T> {
  /** Returns undefined for a text that is not a valid message. */
  read(text: string): T | undefined;
  receive(message: T): void;
  /** Called with an error thrown by `read` or `receive`: if it escaped, ioredis would end the process. */
  onError?(error: unknown): void;
}

/** `subscriber` must be a dedicated connection: once subscribed, it cannot be used for anything else. Resolves once subscribed. */
export async function receiveMessages<T>(
  subscriber: RedisConnection,
  channel: string,
  { read, receive, onError }: Receiver<T>,
): Promise<void> {
  subscriber.on('message', (from: string, text: string) => {
    if (from !== channel) return;
    try {
      const message = read(text);
      if (message !== undefined) receive(message);
    } catch (error) {
      onError?.(error);
    }
  });
  await subscriber.subscribe(channel);
}
