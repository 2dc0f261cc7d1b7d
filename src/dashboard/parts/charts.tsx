/** Charts of a run: tokens per second, time to first token, cost over time. Loaded on first use. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { duration, money } from '../format';
import { theme } from '../theme';
import { measureCost, measureFirstTokens, measurePace, type Series } from '../state/measures';
import type { DashboardRun } from '../state/run-view';

const HEIGHT = 220;
const REDRAW_MS = 500;

export default function Charts({ run }: { run: DashboardRun }): JSX.Element {
  void run.version.value;
  const turns = run.turns.value;
  return (
    <div class="charts">
      <Chart title="Tokens per second" series={() => measurePace(turns)} unit={rate} />
      <Chart
        title="Time to first token"
        series={() => measureFirstTokens(turns)}
        unit={(seconds) => duration(seconds * 1000)}
        shape="points"
      />
      <Chart
        title="Cost"
        shape="steps"
        series={() => measureCost(turns)}
        unit={money}
        empty="No turn has reported a cost yet."
      />
    </div>
  );
}

/** Rates of slow models need one decimal to be distinguishable. */
const rate = (value: number): string => `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)}`;

interface ChartProps {
  title: string;
  series: () => Series;
  unit: (value: number) => string;
  /** `points` for independent values, `steps` for values that hold until the next one. */
  shape?: 'line' | 'points' | 'steps';
  empty?: string;
}

function Chart({ title, series, unit, shape = 'line', empty = 'Nothing to plot yet.' }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const data = series();
  const names = data.lines.map(({ name }) => name).join('|');
  const plot = useRef<uPlot | undefined>(undefined);
  const drawnAt = useRef(0);
  useEffect(() => {
    const box = place.current;
    if (!box || data.at.length === 0) return;
    const drawn = new uPlot(options(box, { unit, shape, data }), toTable(data), box);
    plot.current = drawn;
    const resizing = new ResizeObserver(() => drawn.setSize({ width: box.clientWidth, height: HEIGHT }));
    resizing.observe(box);
    return () => {
      resizing.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [names, data.at.length > 0, theme.value]);
  useEffect(() => {
    const passed = performance.now() - drawnAt.current;
    const timer = setTimeout(
      () => {
        drawnAt.current = performance.now();
        plot.current?.setData(toTable(data));
      },
      Math.max(0, REDRAW_MS - passed),
    );
    return () => clearTimeout(timer);
  });
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      {data.at.length === 0 ? (
        <p class="faint">{empty}</p>
      ) : (
        <div ref={place} role="img" aria-label={describe(title, data, unit)} />
      )}
    </figure>
  );
}

/** The description for screen readers. */
function describe(title: string, { lines }: Series, unit: (value: number) => string): string {
  const last = lines.map(({ name, values }) => {
    const value = values.findLast((one) => one !== null);
    return `${name} ${typeof value === 'number' ? unit(value) : 'unknown'}`;
  });
  return `${title}: ${last.join(', ')}`;
}

function toTable({ at, lines }: Series): uPlot.AlignedData {
  return [at, ...lines.map(({ values }) => values)];
}

function options(
  box: HTMLElement,
  { unit, shape, data }: Required<Pick<ChartProps, 'unit' | 'shape'>> & { data: Series },
): uPlot.Options {
  const styles = getComputedStyle(box);
  const faint = styles.getPropertyValue('color');
  const grid = { stroke: resolve(box, '--rule'), width: 1 };
  const axis = { stroke: faint, grid, ticks: { show: false }, font: '12px Inter, sans-serif' };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false }, y: { range: (_, __, highest) => [0, (highest ?? 0) * 1.1 || 1] } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((seconds) => `${seconds} s`) },
      { ...axis, size: 62, values: (_, splits) => splits.map(unit) },
    ],
    series: [
      { label: 'Time', value: (_, seconds) => (seconds === null ? '–' : `${seconds} s`) },
      ...data.lines.map(({ name, hue }) => ({
        label: name,
        stroke: resolve(box, `--hue-${hue}`),
        width: 2,
        spanGaps: true,
        value: (_: uPlot, value: number | null) => (value === null ? '–' : unit(value)),
        ...chooseDrawing(shape, resolve(box, `--hue-${hue}`)),
      })),
    ],
    cursor: { points: { size: 7 } },
  };
}

function chooseDrawing(shape: NonNullable<ChartProps['shape']>, colour: string): Partial<uPlot.Series> {
  if (shape === 'points') return { paths: () => null, points: { show: true, size: 9, fill: colour } };
  const steps = shape === 'steps' && uPlot.paths.stepped?.({ align: 1 });
  return { points: { show: false }, ...(steps ? { paths: steps } : {}) };
}

/** Resolves a custom property to a plain colour for the canvas. */
function resolve(box: HTMLElement, property: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
