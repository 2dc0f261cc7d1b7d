/** Markdown that no longer changes. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { BlockWriter } from '../markdown/block-writer';

export function StaticText({ text }: { text: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!place.current) return;
    place.current.replaceChildren();
    const writer = new BlockWriter(place.current);
    writer.append(text);
    writer.finish();
  }, [text]);
  return <div ref={place} class="text" dir="auto" />;
}
