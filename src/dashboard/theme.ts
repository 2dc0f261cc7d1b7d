/** The colour theme: the system's setting until the reader chooses one. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const STORED = 'murmuration.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

function stored(): Theme {
  const choice = localStorage.getItem(STORED);
  return THEMES.find((theme) => theme === choice) ?? 'system';
}

export const theme = signal<Theme>(stored());

/** Applies the theme now and on every change. */
export function applyTheme(): void {
  effect(() => {
    const { value } = theme;
    localStorage.setItem(STORED, value);
    document.documentElement.style.colorScheme = value === 'system' ? 'light dark' : value;
    document.documentElement.dataset.theme = value;
  });
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
}
