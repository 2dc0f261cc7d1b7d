/** The entry point of the dashboard. */
import './styles/index.css';
import { render } from 'preact';
import { App } from './app';
import { serveCopyButtons } from './markdown/copy';
import { startClock } from './state/clock';
import { watchFocus } from './state/focus';
import { watchInbox } from './state/inbox';
import { watchTheLine } from './state/socket';
import { applyTheme } from './theme';

applyTheme();
startClock();
watchTheLine();
watchInbox();
watchFocus();
serveCopyButtons();
const place = document.getElementById('app');
if (place) render(<App />, place);
