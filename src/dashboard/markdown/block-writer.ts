/**
 * Renders streaming Markdown into the page. A finished block is rendered once. Only the last block, which may still grow, is rendered
 * again; the longer that takes, the less often. Long texts are processed in slices, so that no frame is delayed.
 */
import type { Token } from 'marked';
import { inNextFrame } from '../state/frame-loop';
import type { TextListener } from '../state/turn-view';
import { parseBlocks, renderBlock } from './render';
import { holdsSelection } from './selection';
import { visible } from './visible';

/** The number of UTF-16 units that are parsed at once. */
const SLICE = 16_384;
/** A longer block is shown as plain text, and so is everything after it. UTF-16 units. */
const BLOCK_LIMIT = 65_536;
/** The time in a frame that one lane may use before others get their turn. Milliseconds. */
const FRAME_SHARE_MS = 6;
/** The pause before the growing block is rendered again, as a multiple of its last rendering time. */
const REST_FACTOR = 8;
/** Longer code is highlighted only when it is finished. UTF-16 units. */
const GROWING_COLOURED_LIMIT = 6000;

export class BlockWriter implements TextListener {
  /** Text that has not been parsed yet. */
  private queue = '';
  /** The text from the first unfinished block on. */
  private tail = '';
  private live: HTMLElement | undefined;
  private plain: HTMLElement | undefined;
  private finished = false;
  private resting = 0;
  private mark = false;
  private isHeld = false;

  constructor(
    private readonly container: HTMLElement,
    /** Called after each change, to keep the end of the text visible. */
    private readonly onChange: () => void = () => undefined,
  ) {}

  append(text: string): void {
    this.queue += visible(text);
    inNextFrame(this.work);
  }

  reset(): void {
    this.queue = this.tail = '';
    this.live = this.plain = undefined;
    this.finished = this.mark = false;
    this.container.replaceChildren();
    this.onChange();
  }

  /** Marks the growing block as the place where a later attempt continues. */
  resumed(): void {
    this.takeQueue(Infinity);
    this.mark = true;
    inNextFrame(this.work);
  }

  finish(): void {
    this.finished = true;
    inNextFrame(this.work);
  }

  private readonly work = (): void => {
    if (this.live && holdsSelection(this.live)) return this.awaitSelection();
    const began = performance.now();
    if (began < this.resting && !this.finished) return inNextFrame(this.work);
    do this.takeQueue(SLICE);
    while (this.queue && performance.now() - began < FRAME_SHARE_MS);
    this.showLive();
    this.resting = performance.now() + (performance.now() - began) * REST_FACTOR;
    this.onChange();
    if (this.queue) inNextFrame(this.work);
  };

  /** Selected text is not replaced; the text goes on when the reader has selected something else. */
  private awaitSelection(): void {
    if (this.isHeld) return;
    this.isHeld = true;
    const goOn = () => {
      this.isHeld = false;
      inNextFrame(this.work);
    };
    document.addEventListener('selectionchange', goOn, { once: true });
  }

  private takeQueue(limit: number): void {
    const slice = this.queue.slice(0, limit);
    this.queue = this.queue.slice(slice.length);
    if (this.plain) return this.writePlain(slice);
    this.tail += slice;
    if (this.tail.length <= BLOCK_LIMIT) return;
    this.settleBlocks();
    if (this.tail.length <= BLOCK_LIMIT) return;
    this.dropLive();
    this.writePlain(this.tail);
    this.tail = '';
  }

  /** Renders the finished blocks; returns the one that still grows. */
  private settleBlocks(): Token | undefined {
    const tokens = parseBlocks(this.tail);
    const last = tokens.findLastIndex(({ type }) => type !== 'space');
    const settled = this.finished && !this.queue ? tokens.length : Math.max(0, last);
    for (const token of tokens.slice(0, settled)) {
      // a block that the parser has normalised cannot be cut off the text: it stays until the text is complete
      if (!this.tail.startsWith(token.raw)) return token;
      this.settle(token);
    }
    return tokens[settled];
  }

  private settle(token: Token): void {
    this.dropLive();
    if (token.type !== 'space') this.container.append(this.newBlock(renderBlock(token)));
    this.tail = this.tail.slice(token.raw.length);
  }

  private showLive(): void {
    if (this.plain || !this.tail) return;
    const token = this.settleBlocks();
    if (!token || token.type === 'space') return;
    const content = renderBlock(token, GROWING_COLOURED_LIMIT);
    if (this.live) this.live.replaceChildren(content);
    else this.container.append((this.live = this.newBlock(content)));
  }

  private dropLive(): void {
    if (this.live?.dataset.resumed) this.mark = true;
    this.live?.remove();
    this.live = undefined;
  }

  private newBlock(content: DocumentFragment): HTMLElement {
    const block = document.createElement('div');
    block.className = 'block';
    if (this.mark) block.dataset.resumed = 'resumed here';
    this.mark = false;
    block.append(content);
    return block;
  }

  private writePlain(text: string): void {
    if (!text) return;
    this.plain = document.createElement('pre');
    this.plain.className = 'block plain';
    this.plain.textContent = text;
    this.container.append(this.plain);
  }
}
