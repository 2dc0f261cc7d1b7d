/**
 * Writes a text that streams into the page as Markdown. A block that is finished is rendered once; only the last one, which may still
 * grow, is rendered again, less often the longer that takes. Long texts are worked through in slices, so that no frame is held up.
 */
import type { Token } from 'marked';
import { inNextFrame } from '../state/frame-loop';
import type { TextListener } from '../state/turn-view';
import { blocksOf, renderBlock } from './render';
import { visible } from './visible';

/** UTF-16 units that are parsed at once. */
const SLICE = 16_384;
/** A block longer than this is shown as plain text, and so is what follows it. */
const BLOCK_LIMIT = 65_536;
/** Milliseconds of a frame that one lane takes before it lets others go first. */
const FRAME_SHARE_MS = 6;
/** The growing block is rendered again after this many times the milliseconds that it took. */
const REST_FACTOR = 8;
/** Longer code gets its colours when it is finished. UTF-16 units. */
const GROWING_COLOURED_LIMIT = 6000;

export class BlockWriter implements TextListener {
  /** Text that has not been parsed yet. */
  private queue = '';
  /** Text from the first unfinished block on. */
  private tail = '';
  private live: HTMLElement | undefined;
  private plain: HTMLElement | undefined;
  private finished = false;
  private resting = 0;
  private mark = false;

  constructor(
    private readonly container: HTMLElement,
    /** Called after each change, to keep the end of the text in sight. */
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

  /** The block that now grows carries the mark. */
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
    const began = performance.now();
    if (began < this.resting && !this.finished) return inNextFrame(this.work);
    do this.takeQueue(SLICE);
    while (this.queue && performance.now() - began < FRAME_SHARE_MS);
    this.showLive();
    this.resting = performance.now() + (performance.now() - began) * REST_FACTOR;
    this.onChange();
    if (this.queue) inNextFrame(this.work);
  };

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

  /** Renders the blocks that can no longer change; returns the one that still grows. */
  private settleBlocks(): Token | undefined {
    const tokens = blocksOf(this.tail);
    const last = tokens.findLastIndex(({ type }) => type !== 'space');
    const settled = this.finished && !this.queue ? tokens.length : Math.max(0, last);
    for (const token of tokens.slice(0, settled)) {
      // what the parser has rewritten cannot be cut off: it stays until the text is whole
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
