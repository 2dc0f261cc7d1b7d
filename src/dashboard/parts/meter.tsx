/** Shows how much of a limit is used: the browser's own meter, which changes its colour as it fills, next to the figures. */
import type { JSX } from 'preact';

/** From this share of the limit on, a meter warns. */
const TIGHT = 0.8;
/** From this share on, a meter counts as full; usage may exceed a limit by one call. */
const FULL = 0.999;

interface MeterProps {
  name: string;
  used: number;
  limit: number;
  /** The figures as text, for example `$0.02 of $0.05`. */
  text: string;
}

export function Meter({ name, used, limit, text }: MeterProps): JSX.Element {
  return (
    <meter
      aria-label={`${name}: ${text}`}
      title={text}
      min={0}
      max={limit}
      low={limit * TIGHT}
      high={limit * FULL}
      optimum={0}
      value={Math.min(used, limit)}
    >
      {text}
    </meter>
  );
}
