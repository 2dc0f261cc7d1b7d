/** The text of a turn, as Markdown or as source, during and after streaming. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { BlockWriter } from '../markdown/block-writer';
import { PositionFilter } from '../markdown/position-filter';
import { SourceWriter } from '../markdown/source-writer';
import { declaresPosition } from '../state/turn-kinds';
import type { TextListener, TurnView } from '../state/turn-view';

interface TurnTextProps {
  view: TurnView;
  /** Shows the source text instead of rendered Markdown. */
  source: boolean;
  onChange: () => void;
  /** Whether the turn is also shown elsewhere on the page. */
  isCopy?: boolean;
}

export function TurnText({ view, source, onChange, isCopy = false }: TurnTextProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const container = place.current;
    if (!container) return;
    container.replaceChildren();
    const writer = makeWriter(view, container, { source, onChange });
    replay(view, writer);
    view.listeners.add(writer);
    return () => view.listeners.delete(writer);
  }, [view, source]);
  return (
    <div
      ref={place}
      class={source ? 'text source' : 'text'}
      dir="auto"
      data-turn={isCopy ? undefined : view.snapshot.turn}
    />
  );
}

function makeWriter(
  { snapshot }: TurnView,
  container: HTMLElement,
  { source, onChange }: Pick<TurnTextProps, 'source' | 'onChange'>,
): TextListener {
  if (source) return new SourceWriter(container, onChange);
  const writer = new BlockWriter(container, onChange);
  return declaresPosition(snapshot) ? new PositionFilter(writer) : writer;
}

/** Writes the text that arrived before the view was opened. */
function replay({ snapshot, resumedAt }: TurnView, writer: TextListener): void {
  let from = 0;
  for (const offset of resumedAt) {
    writer.append(snapshot.text.slice(from, offset));
    writer.resumed();
    from = offset;
  }
  writer.append(snapshot.text.slice(from));
  if (snapshot.status === 'completed' || snapshot.status === 'failed') writer.finish();
}
