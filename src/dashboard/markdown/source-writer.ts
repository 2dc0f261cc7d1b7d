/** Writes streaming text into the page unformatted, in pieces that the browser lays out only when they are visible. */
import { inNextFrame } from '../state/frame-loop';
import type { TextListener } from '../state/turn-view';
import { visible } from './visible';

/** UTF-16 units of one piece. */
const PIECE = 16_384;

export class SourceWriter implements TextListener {
  private queue = '';
  private last: Text | undefined;

  constructor(
    private readonly container: HTMLElement,
    private readonly onChange: () => void,
  ) {}

  append(text: string): void {
    this.queue += visible(text);
    inNextFrame(this.work);
  }

  reset(): void {
    this.queue = '';
    this.last = undefined;
    this.container.replaceChildren();
  }

  resumed(): void {
    this.write();
    this.last = undefined;
  }

  finish(): void {
    inNextFrame(this.work);
  }

  private readonly work = (): void => {
    this.write();
    this.onChange();
    if (this.queue) inNextFrame(this.work);
  };

  private write(): void {
    const piece = this.queue.slice(0, PIECE);
    this.queue = this.queue.slice(piece.length);
    if (!piece) return;
    if (this.last && this.last.length + piece.length <= PIECE) return this.last.appendData(piece);
    this.last = document.createTextNode(piece);
    const box = document.createElement('span');
    box.append(this.last);
    this.container.append(box);
  }
}
