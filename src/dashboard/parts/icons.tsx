/** Icons, drawn on a grid of 24 with one stroke width. They are decorative; the text next to them carries the meaning. */
import type { JSX } from 'preact';

const PATHS = {
  add: 'M12 5v14M5 12h14',
  runs: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  live: 'M3 12h4l3-8 4 16 3-8h4',
  sessions: 'M4 5h16v11H9l-5 4V5z',
  system: 'M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01',
  stop: 'M6 6h12v12H6z',
  pause: 'M9 6v12M15 6v12',
  play: 'M8 5l11 7-11 7V5z',
  fork: 'M7 4v7a4 4 0 0 0 4 4h6M7 20V4M14 12l3 3-3 3',
  reuse: 'M7 7h8a4 4 0 0 1 0 8H8M10 4L7 7l3 3M5 19h14',
  gauge: 'M4 16a8 8 0 1 1 16 0M12 16l4-5M12 16h.01',
  compare: 'M9 4v16M15 4v16M4 8h5M15 8h5M4 16h5M15 16h5',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  external: 'M14 5h5v5M19 5l-8 8M17 14v5H5V7h5',
  expand: 'M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5',
  close: 'M6 6l12 12M18 6L6 18',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  reroute: 'M4 7h9a4 4 0 0 1 0 8H7M10 12l-3 3 3 3',
  restart: 'M5 12a7 7 0 1 1 2 5M5 18v-4h4',
  resume: 'M6 5l8 7-8 7V5zM18 5v14',
  check: 'M5 13l4 4L19 7',
  warn: 'M12 4l9 16H3L12 4zM12 10v4M12 17h.01',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19',
  dark: 'M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10z',
  auto: 'M12 3a9 9 0 1 0 0 18V3z',
  bell: 'M6 16V11a6 6 0 1 1 12 0v5l1.500 2h-15L6 16zM10 20.500h4',
  key: 'M14 10a4 4 0 1 1-3.5 3.9L4 20M7 17l2 2M14 10l.01 0',
  search: 'M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM20 20l-4.5-4.5',
  message: 'M4 5h16v11H9l-5 4V5zM8 9h8M8 12h5',
  debate: 'M4 4h11v8H9l-4 3v-3H4zM17 9h3v9h-1v3l-4-3h-5v-2',
  plan: 'M6 3h9l4 4v14H6zM9 9h6M9 13h6M9 17h4',
  code: 'M8 7l-5 5 5 5M16 7l5 5-5 5M13 5l-2 14',
  pipeline: 'M4 8h4v8H4zM16 8h4v8h-4zM8 12h8M12 9v6',
  edit: 'M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4',
  arrow: 'M5 12h14M13 6l6 6-6 6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The logo: a flock. */
export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <path d="M3 12c4-1 6 0 8 3 2-3 5-4 9-3-4 1-6 3-9 7-2-4-4-6-8-7z" />
      <path d="M17 6c2.500-.6 4 0 5 2 1.200-2 3-2.600 6-2-2.500.6-4 2-6 4.500-1-2.500-2.500-4-5-4.500z" opacity=".75" />
      <path
        d="M18 21c2-.5 3.200 0 4 1.500 1-1.500 2.400-2 4.500-1.500-2 .5-3.200 1.500-4.500 3.500-.8-2-2-3-4-3.500z"
        opacity=".5"
      />
    </svg>
  );
}
