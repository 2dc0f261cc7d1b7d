/** The navigation, and the state of the connection. */
import type { JSX } from 'preact';
import { useLocation } from 'preact-iso/router';
import { inbox } from '../state/inbox';
import { toggleNotices, wantsNotices } from '../state/notices';
import { line, reconnect, type LineState } from '../state/socket';
import { nextTheme, theme, type Theme } from '../theme';
import { KeyButton } from './key-button';
import { Icon, Logo, type IconName } from './icons';

export const VIEWS: [href: string, icon: IconName, name: string][] = [
  ['/dashboard', 'add', 'New run'],
  ['/dashboard/runs', 'runs', 'Runs'],
  ['/dashboard/approvals', 'message', 'Approvals'],
  ['/dashboard/live', 'live', 'Live'],
  ['/dashboard/sessions', 'sessions', 'Sessions'],
  ['/dashboard/gateways', 'gauge', 'Gateways'],
  ['/dashboard/system', 'system', 'System'],
];

export function Navigation(): JSX.Element {
  const { path } = useLocation();
  return (
    <header class="navigation">
      <a class="brand" href="/dashboard">
        <Logo />
        <span>Murmuration</span>
      </a>
      <nav aria-label="Views">
        {VIEWS.map(([href, icon, name]) => (
          <a key={href} href={href} aria-current={isCurrent(path, href) ? 'page' : undefined}>
            <Icon name={icon} />
            <span>{name}</span>
            {href === '/dashboard/approvals' && <Waiting />}
          </a>
        ))}
      </nav>
      <div class="navigation-end">
        <KeyButton />
        <Line />
        <NoticesButton />
        <ThemeButton />
      </div>
    </header>
  );
}

/** The number of runs that wait for a person. */
function Waiting(): JSX.Element | null {
  const waiting = inbox.value.length;
  return waiting > 0 ? (
    <span class="counter">
      {waiting}
      <span class="off-screen"> waiting</span>
    </span>
  ) : null;
}

function NoticesButton(): JSX.Element {
  return (
    <button
      type="button"
      class="quiet theme-button"
      aria-pressed={wantsNotices.value}
      title="Notify me when a run needs approval, ends or fails"
      onClick={() => void toggleNotices()}
    >
      <Icon name="bell" />
      <span>Notifications</span>
    </button>
  );
}

function isCurrent(path: string, href: string): boolean {
  return href === '/dashboard' ? path === href : path === href || path.startsWith(`${href}/`);
}

const LINE_WORDS: Record<LineState, string> = {
  idle: '',
  connecting: 'Connecting',
  open: 'Connected',
  lost: 'Connection lost, reconnecting',
};

function Line(): JSX.Element {
  const state = line.value;
  return (
    <p class={`line line-${state}`} role="status">
      {LINE_WORDS[state] && <span class="dot" aria-hidden="true" />}
      <span>{LINE_WORDS[state]}</span>
      {state === 'lost' && (
        <button type="button" class="quiet small" onClick={reconnect}>
          Reconnect now
        </button>
      )}
    </p>
  );
}

const THEME_ICONS: Record<Theme, IconName> = { system: 'auto', light: 'light', dark: 'dark' };

function ThemeButton(): JSX.Element {
  const choice = theme.value;
  return (
    <button type="button" class="quiet theme-button" onClick={nextTheme} title="Change the colours">
      <Icon name={THEME_ICONS[choice]} />
      <span>{choice === 'system' ? 'System colours' : `${choice === 'dark' ? 'Dark' : 'Light'} colours`}</span>
    </button>
  );
}
