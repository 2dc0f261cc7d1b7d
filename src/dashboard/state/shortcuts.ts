/** Keyboard shortcuts of the whole page. */
import { signal } from '@preact/signals';

/** The dialog that a shortcut has opened. */
export const openPanel = signal<'help' | 'commands' | undefined>(undefined);

/** Shown in the help, in this order. */
export const SHORTCUTS: readonly (readonly [keys: string, effect: string])[] = [
  ['?', 'Show these shortcuts'],
  ['Ctrl K', 'Go to a view, or search in the latest runs (Cmd K on a Mac)'],
  ['/', 'Search in runs'],
  ['n', 'Start a new run'],
  ['← → ↑ ↓', 'Move between runs of a list, nodes of a graph, and tabs'],
  ['Ctrl Enter', 'Start the run, in the form of a new run'],
  ['Esc', 'Close a dialog'],
];

const STEPS: Partial<Record<string, number>> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** Where typed letters are text. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;

/** `go` opens a path of the page. */
export function watchShortcuts(go: (path: string) => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey) return;
    const isTaken =
      event.ctrlKey || event.metaKey ? toggleCommands(event.key) : !isBusy(event) && takePlainKey(event, go);
    if (isTaken) event.preventDefault();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

/** Whether letters are text, or a dialog is open, which has its own keys. */
const isBusy = ({ target }: KeyboardEvent): boolean =>
  isTyping(target) || document.querySelector('dialog[open]') !== null;

function toggleCommands(key: string): boolean {
  if (key.toLowerCase() !== 'k') return false;
  openPanel.value = openPanel.value === 'commands' ? undefined : 'commands';
  return true;
}

const takePlainKey = (event: KeyboardEvent, go: (path: string) => void): boolean =>
  takeKey(event.key, go) || moveFocus(event);

/** Returns whether the key is a shortcut. */
function takeKey(key: string, go: (path: string) => void): boolean {
  if (key === '?') openPanel.value = 'help';
  else if (key === '/') focusField('input[type=search]', '/dashboard/runs', go);
  else if (key === 'n') focusField('#task', '/dashboard', go);
  else return false;
  return true;
}

const FIELD_LIMIT_MS = 3000;

/** Focuses a field of this view, or of the view at the path, whose data may still be on its way. */
function focusField(selector: string, path: string, go: (path: string) => void): void {
  if (!document.querySelector(selector)) go(path);
  const end = performance.now() + FIELD_LIMIT_MS;
  const look = () => {
    const field = document.querySelector<HTMLElement>(selector);
    if (field) field.focus();
    else if (performance.now() < end) requestAnimationFrame(look);
  };
  look();
}

/** Moves the focus between the elements that `data-arrows` of a container selects. */
function moveFocus({ key, target }: KeyboardEvent): boolean {
  const step = STEPS[key];
  const container = step && target instanceof Element ? target.closest<HTMLElement>('[data-arrows]') : null;
  if (!step || !container) return false;
  const places = [...container.querySelectorAll<HTMLElement>(container.dataset.arrows ?? '')];
  const at = places.findIndex((place) => place === target || place.contains(target as Element));
  const next = at === -1 ? places[step > 0 ? 0 : places.length - 1] : places[at + step];
  if (!next) return false;
  next.focus();
  return true;
}
