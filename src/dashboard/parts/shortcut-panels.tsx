/** The dialogs of the keyboard shortcuts: the help, and the commands. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { useLocation } from 'preact-iso/router';
import { openPanel, watchShortcuts } from '../state/shortcuts';

const Commands = lazy(() => import('./commands'));
const ShortcutHelp = lazy(() => import('./shortcut-help'));

export function ShortcutPanels(): JSX.Element {
  const { route } = useLocation();
  useEffect(() => watchShortcuts(route), []);
  const close = () => (openPanel.value = undefined);
  return (
    <ErrorBoundary>
      {openPanel.value === 'help' && <ShortcutHelp onClose={close} />}
      {openPanel.value === 'commands' && <Commands onClose={close} />}
    </ErrorBoundary>
  );
}
