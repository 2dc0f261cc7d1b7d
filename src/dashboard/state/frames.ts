/** The frames of the WebSocket. */
import type { Failure } from '../../contract';
import type { CancelFrame, Frame, ResetFrame } from '../../events/frames';

/** An error frame, about one run or about none in particular. */
interface ErrorFrame {
  event: 'error';
  error: Failure;
  run_id?: string;
}

export type ServerFrame = Frame | ResetFrame | CancelFrame | ErrorFrame;
