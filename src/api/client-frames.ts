/** What a client says over WebSocket, read from the bytes. */
import type { RawData } from 'ws';
import { clientFrame, type ClientFrame } from '../contract/requests';
import { ApiError, parse, type About } from './errors';

/** Throws {@link ApiError} for what is no frame. */
export function readFrame(data: RawData): ClientFrame {
  return parse(clientFrame, readJson(data));
}

function readJson(data: RawData): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    throw new ApiError('INVALID_JSON', 'The frame is not JSON.');
  }
}

/** What a frame is about, by what it says itself. */
export function aboutOf(frame: ClientFrame): About {
  if ('swarm_id' in frame) return { team_id: frame.swarm_id, session_id: frame.session_id };
  return { run_id: 'cancel' in frame ? frame.cancel : frame.run_id };
}
