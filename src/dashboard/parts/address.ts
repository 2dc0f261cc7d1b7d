/** State that is part of the page's address, so that it can be linked and survives a reload. */
import type { Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';

/** A parameter of the address, and a function that changes it; empty if it is absent. Changes replace the entry in the history. */
export function useParameter(name: string): [value: string, change: (value: string) => void] {
  const { query, path, route } = useLocation();
  const change = (value: string) => {
    // the address at the time of the change, which may be later than this rendering
    const search = new URLSearchParams(location.search);
    if (value) search.set(name, value);
    else search.delete(name);
    route(`${path}${search.size > 0 ? `?${search.toString()}` : ''}`, true);
  };
  return [query[name] ?? '', change];
}

/** Keeps a choice in the address. `choices` are the valid ones; the first one is not written. */
export function useChoiceInAddress<T extends string>(name: string, chosen: Signal<T>, choices: readonly T[]): void {
  const [wanted, change] = useParameter(name);
  useEffect(() => {
    const choice = choices.find((one) => one === wanted);
    if (choice) chosen.value = choice;
    return chosen.subscribe((value) => {
      const current = new URLSearchParams(location.search).get(name) ?? '';
      const next = value === choices[0] ? '' : value;
      if (current !== next) change(next);
    });
  }, []);
}
