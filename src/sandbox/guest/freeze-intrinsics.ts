/**
 * Freezes all built-ins of ECMAScript, including those that are reachable only by syntax. A program that reached JavaScript could otherwise
 * change the behaviour of the host's own code: for example, `Object.prototype.toJSON` can rewrite every message.
 */

/**
 * Prototypes whose properties are overridden by assignment on other objects, as in `error.message = text`: a frozen property would reject
 * that.
 */
const OVERRIDDEN: readonly object[] = [
  Object.prototype,
  Function.prototype,
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError].map(
    (kind) => kind.prototype as object,
  ),
];

/** Built-ins that are not reachable from a global name. */
function hiddenIntrinsics(): object[] {
  const parent = (value: object) => Object.getPrototypeOf(value) as object;
  const iterators = [
    [][Symbol.iterator](),
    ''[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    'a'.matchAll(/a/g),
  ];
  function* generate() {}
  async function* generateLater() {}
  async function later() {}
  const segmenter = new Intl.Segmenter().segment('a');
  return [
    ...iterators.map(parent),
    parent(parent(iterators[0]!)),
    ...[generate, generateLater, later].map(parent),
    ...[generate.prototype, generateLater.prototype].map((prototype) => parent(prototype as object)),
    parent(Uint8Array),
    parent(segmenter),
    parent(segmenter[Symbol.iterator]()),
    ...iteratorHelpers().map(parent),
  ];
}

/** Available in later versions of the language. */
function iteratorHelpers(): object[] {
  const { Iterator } = globalThis as { Iterator?: { from?(source: object): object } };
  if (!Iterator?.from) return [];
  const wrapped = Iterator.from({ next: () => ({ done: true }) }) as { map(change: () => void): object };
  return [wrapped, wrapped.map(() => undefined)];
}

export function freezeIntrinsics(): void {
  const overridden = OVERRIDDEN.flatMap(allowOverrides);
  const seen = new Set<object>();
  const waiting: unknown[] = [...Object.values(Object.getOwnPropertyDescriptors(globalThis)).flatMap(valuesIn)];
  waiting.push(...overridden, ...hiddenIntrinsics());
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!isObject(value) || value === globalThis || seen.has(value)) continue;
    seen.add(value);
    // the contents of typed arrays cannot be frozen, and none is shared
    if (!ArrayBuffer.isView(value)) Object.freeze(value);
    waiting.push(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) waiting.push(...valuesIn(Object.getOwnPropertyDescriptor(value, key)!));
  }
  Object.freeze(globalThis);
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}

function valuesIn({ value, get, set }: PropertyDescriptor): unknown[] {
  return [value, get, set];
}

/**
 * Replaces each value by a getter and a setter: reading returns the original value, and assigning to another object defines the property
 * there. Returns the values, which are no longer reachable through descriptors.
 */
function allowOverrides(owner: object): unknown[] {
  const values: unknown[] = [];
  for (const name of Reflect.ownKeys(owner)) {
    const { value, writable, configurable, enumerable } = Object.getOwnPropertyDescriptor(owner, name)!;
    if (!writable || !configurable) continue;
    values.push(value);
    Object.defineProperty(owner, name, {
      configurable: true,
      enumerable: enumerable === true,
      get: () => value as unknown,
      set(this: object, given: unknown) {
        if (this === owner) throw new TypeError(`Cannot assign to the built-in property ${String(name)}.`);
        Object.defineProperty(this, name, { value: given, writable: true, configurable: true, enumerable: true });
      },
    });
  }
  return values;
}
