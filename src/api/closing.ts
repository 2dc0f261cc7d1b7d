/** Notifies every subscriber when a response closes, through a single listener: Node warns of a leak if there are more than ten. */
import type { ServerResponse } from 'node:http';

type Listener = () => void;

const listeners = new WeakMap<ServerResponse, Set<Listener>>();

/**
 * Calls the listener once: when the response was sent or the client has disconnected. If that has already happened, calls it
 * asynchronously. Returns a function that removes the listener.
 */
export function onClosing(response: ServerResponse, listener: Listener): () => void {
  // a wrapper, because the same function may be registered twice
  const own: Listener = () => listener();
  const all = listeners.get(response) ?? listenTo(response);
  all.add(own);
  if (response.closed) queueMicrotask(() => all.delete(own) && own());
  return () => void all.delete(own);
}

function listenTo(response: ServerResponse): Set<Listener> {
  const all = new Set<Listener>();
  listeners.set(response, all);
  response.once('close', () => {
    for (const listener of all) {
      all.delete(listener);
      listener();
    }
  });
  return all;
}
