/** The lane that a person sees alone, over the whole window. */
import { effect, signal } from '@preact/signals';

/** The id of the lane's element. */
export const focusedLane = signal<string | undefined>(undefined);

/** The lane stays where it is in the document, so that its text and its selection stay. */
export function focusLane(id: string | undefined): void {
  focusedLane.value = id;
}

/** Escape leaves the focus; so does another view. */
export function watchFocus(): void {
  addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && !document.querySelector('dialog[open]')) focusLane(undefined);
  });
  effect(() => {
    document.documentElement.classList.toggle('has-focus', focusedLane.value !== undefined);
  });
}
