/** The text of a turn, as Markdown or as its source, while it streams and after. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { BlockWriter } from '../markdown/block-writer';
import { SourceWriter } from '../markdown/source-writer';
import type { TurnView } from '../state/turn-view';

interface TurnTextProps {
  view: TurnView;
  /** Shows the characters themselves instead of what Markdown makes of them. */
  source: boolean;
  onChange: () => void;
}

export function TurnText({ view, source, onChange }: TurnTextProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const container = place.current;
    if (!container) return;
    container.replaceChildren();
    const writer = source ? new SourceWriter(container, onChange) : new BlockWriter(container, onChange);
    replay(view, writer);
    view.listeners.add(writer);
    return () => view.listeners.delete(writer);
  }, [view, source]);
  return <div ref={place} class={source ? 'text source' : 'text'} dir="auto" data-turn={view.snapshot.turn} />;
}

/** What was said before anybody looked. */
function replay({ snapshot, resumedAt }: TurnView, writer: BlockWriter | SourceWriter): void {
  let from = 0;
  for (const offset of resumedAt) {
    writer.append(snapshot.text.slice(from, offset));
    writer.resumed();
    from = offset;
  }
  writer.append(snapshot.text.slice(from));
  if (snapshot.status === 'completed' || snapshot.status === 'failed') writer.finish();
}
