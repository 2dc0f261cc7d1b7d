/** The view for an unknown path. */
import type { JSX } from 'preact';
import { Notice } from '../parts/notices';
import { usePageTitle } from '../parts/page';

export function NotFound(): JSX.Element {
  usePageTitle('Not found');
  return (
    <Notice icon="search" title="There is nothing here">
      <p>The address leads to no view of this dashboard.</p>
      <a class="button" href="/dashboard">
        Start a run
      </a>
    </Notice>
  );
}
