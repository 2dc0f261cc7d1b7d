/** The dashboard's beginning. */
import './styles/index.css';
import { render } from 'preact';
import { App } from './app';
import { serveCopyButtons } from './markdown/copy';
import { startClock } from './state/clock';
import { watchTheLine } from './state/socket';
import { applyTheme } from './theme';

applyTheme();
startClock();
watchTheLine();
serveCopyButtons();
const place = document.getElementById('app');
if (place) render(<App />, place);
