/** Tabs according to the ARIA Authoring Practices: arrow keys move between them, and there is one tab stop. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { scrollSideways } from './scroll-sideways';

interface TabsProps<T extends string> {
  name: string;
  tabs: [id: T, title: string][];
  chosen: Signal<T>;
}

export function Tabs<T extends string>({ name, tabs, chosen }: TabsProps<T>): JSX.Element {
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex(([id]) => id === chosen.value);
    const [next] = tabs[(at + step + tabs.length) % tabs.length] ?? [];
    if (!next) return;
    chosen.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => scrollSideways(list.current, '[aria-selected="true"]'), [chosen.value, tabs.length]);
  return (
    <div class="tabs" role="tablist" aria-label={name} onKeyDown={move} ref={list}>
      {tabs.map(([id, title]) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={chosen.value === id}
          aria-controls={chosen.value === id ? `panel-${id}` : undefined}
          tabIndex={chosen.value === id ? 0 : -1}
          onClick={() => (chosen.value = id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
