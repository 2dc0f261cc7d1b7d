/** Named filters of the list of runs, kept in this browser. */
import { signal } from '@preact/signals';

export interface SavedView {
  name: string;
  /** The query of the list's address. */
  query: string;
}

const STORED = 'murmuration.views';

/** What another version or a person has stored may have any form. */
function readStored(): SavedView[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  const { name, query } = (value ?? {}) as Partial<SavedView>;
  return typeof name === 'string' && typeof query === 'string';
}

export const savedViews = signal<SavedView[]>(readStored());

/** A view with the same name is replaced. */
export function saveView(view: SavedView): void {
  store([...savedViews.value.filter(({ name }) => name !== view.name), view]);
}

export function removeView(name: string): void {
  store(savedViews.value.filter((view) => view.name !== name));
}

function store(views: SavedView[]): void {
  savedViews.value = views;
  try {
    localStorage.setItem(STORED, JSON.stringify(views));
  } catch {
    // without storage the views last as long as the page
  }
}
