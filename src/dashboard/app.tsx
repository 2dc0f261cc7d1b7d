/** The layout around every view, and the routing from paths to views. */
import { effect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router } from 'preact-iso/router';
import { KeyDialog } from './parts/key-dialog';
import { Navigation } from './parts/navigation';
import { ShortcutPanels } from './parts/shortcut-panels';
import { apiKey } from './state/key';
import { loadSwarms } from './state/swarms';
import { Approvals } from './views/approvals';
import { Home } from './views/home';
import { LiveView } from './views/live';
import { NotFound } from './views/not-found';
import { RunDetails } from './views/run';
import { RunList } from './views/run-list';
import { SessionPage } from './views/session';
import { Sessions } from './views/sessions';
import { System } from './views/system';

const Compare = lazy(() => import('./views/compare'));
const Gateways = lazy(() => import('./views/gateways'));

export function App(): JSX.Element {
  useEffect(
    () =>
      effect(() => {
        void apiKey.value;
        void loadSwarms();
      }),
    [],
  );
  return (
    <LocationProvider scope="/dashboard">
      <a class="skip" href="#content">
        Skip to content
      </a>
      <div class="shell">
        <Navigation />
        <main id="content" tabIndex={-1}>
          <ErrorBoundary>
            <Router>
              <Route path="/dashboard" component={Home} />
              <Route path="/dashboard/runs" component={RunList} />
              <Route path="/dashboard/runs/:id" component={RunDetails} />
              <Route path="/dashboard/compare/:first/:second" component={Compare} />
              <Route path="/dashboard/approvals" component={Approvals} />
              <Route path="/dashboard/live" component={LiveView} />
              <Route path="/dashboard/sessions" component={Sessions} />
              <Route path="/dashboard/sessions/:id" component={SessionPage} />
              <Route path="/dashboard/gateways" component={Gateways} />
              <Route path="/dashboard/system" component={System} />
              <Route default component={NotFound} />
            </Router>
          </ErrorBoundary>
        </main>
      </div>
      <KeyDialog />
      <ShortcutPanels />
    </LocationProvider>
  );
}
