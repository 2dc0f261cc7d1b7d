/** Replacements for missing content: empty, loading, not found, or failed. */
import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icons';

interface NoticeProps {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  /** Announced to screen readers immediately. */
  urgent?: boolean;
}

export function Notice({ icon, title, children, urgent }: NoticeProps): JSX.Element {
  return (
    <section class="notice" role={urgent ? 'alert' : 'status'}>
      <span class="notice-icon">
        <Icon name={icon} size={26} />
      </span>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Loading({ what }: { what: string }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="bar" />
      <span class="bar" />
      <span class="bar" />
      <span class="off-screen">Loading {what}</span>
    </div>
  );
}

/** The API is unreachable; the page retries by itself where it can, and on request. */
export function Away({ message, retry }: { message: string; retry?: () => void }): JSX.Element {
  return (
    <Notice icon="warn" title="No answer" urgent>
      <p>{message}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  );
}
