/** How much of a limit is used: the browser's own meter, which changes its colour as it fills, with the figures beside it. */
import type { JSX } from 'preact';

/** From here on a meter warns. Share of the limit. */
const TIGHT = 0.8;
/** A full meter; what is used may overshoot a limit by one call. */
const FULL = 0.999;

interface MeterProps {
  name: string;
  used: number;
  limit: number;
  /** The figures in words, `$0.02 of $0.05` for example. */
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
