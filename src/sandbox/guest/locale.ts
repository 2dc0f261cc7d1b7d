/** Answers locale-dependent requests of programs with Node's `Intl`: the input is plain data, the result a plain value. */

interface LocaleOrder {
  /** A formatter of `Intl`, or a built-in type whose value is `self`. */
  type: string;
  method: string;
  values: unknown[];
  self?: string | number;
  locales?: string | string[];
  options?: object;
}

type Make = (order: LocaleOrder) => object;
type Formatter = new (locales?: string | string[], options?: object) => object;

const FORMATTERS = [
  'NumberFormat',
  'DateTimeFormat',
  'Collator',
  'PluralRules',
  'ListFormat',
  'RelativeTimeFormat',
] as const;
const TYPES = new Map<string, Make>([
  ['String', ({ self }) => new String(self)],
  ['Number', ({ self }) => new Number(self)],
  ['Date', ({ self }) => new Date(self ?? NaN)],
  ...FORMATTERS.map((name): [string, Make] => {
    const Formatter = Intl[name] as Formatter;
    return [name, ({ locales, options }) => new Formatter(locales, options)];
  }),
]);
const METHODS: ReadonlySet<string> = new Set([
  ...['format', 'formatToParts', 'compare', 'select', 'resolvedOptions'],
  ...['localeCompare', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'],
]);

/** The maximum length of a request, in UTF-16 units: some formatters take seconds for long lists and texts. */
const ORDER_LIMIT = 100_000;

/** Returns `{value}`, or `{error}` with the message of a RangeError. */
export function localise(text: string): string {
  if (text.length > ORDER_LIMIT) return JSON.stringify({ error: 'This is too long to be formatted here.' });
  const order = JSON.parse(text) as LocaleOrder;
  const make = TYPES.get(order.type);
  if (!make || !METHODS.has(order.method))
    return JSON.stringify({ error: `There is no ${order.type}.${order.method}.` });
  try {
    const target = make(order) as Record<string, (...values: unknown[]) => unknown>;
    // JSON cannot represent undefined
    const values = order.values.map((value) => value ?? undefined);
    return JSON.stringify({ value: target[order.method]!(...values) });
  } catch (error) {
    return JSON.stringify({ error: (error as Error).message });
  }
}
