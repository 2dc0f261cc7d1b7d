/**
 * Tracks which isolation layers currently protect generated code. They are detected on first use, and again when a process does not start
 * behind them or when fewer of them work than before.
 */
import { findLayers, LAYERS, NODE_PERMISSIONS, type Layer, type Layers } from './isolation-layers';
import { withProbe, type Probe } from './probe';
import { PROTECTIONS, type Protection } from './protections';

/** `auto` continues with the layers that work; `strict` executes nothing unless all protections are provided. */
export const ISOLATION_MODES = ['auto', 'strict'] as const;
export type IsolationMode = (typeof ISOLATION_MODES)[number];

/** The minimum intervals between two detections: after a failure, and for detecting that missing layers work again. */
const LEAST_INTERVAL_MS = 1000;
const HOPE_INTERVAL_MS = 60_000;

const PROBLEM_LIMIT = 400;

/** The sandbox cannot execute anything; the message states the reason. */
export class SandboxUnavailable extends Error {
  override name = 'SandboxUnavailable';
}

/** The message of an error and of its cause, in one line of bounded length. */
export function describeProblem(error: unknown): string {
  const parts = [error, error instanceof Error ? error.cause : undefined].filter((one) => one instanceof Error);
  return parts
    .map(({ message }) => message)
    .join(' ')
    .replace(/\s+/g, ' ')
    .slice(0, PROBLEM_LIMIT);
}

/** The sandbox's interface to the log of its process. */
export interface SandboxLog {
  warn(attributes: object, message: string): void;
  error(attributes: object, message: string): void;
}

export interface IsolationOptions {
  guest: string;
  readable: readonly string[];
  memoryBytes: number;
  mode: IsolationMode;
  allowed?: readonly Layer[] | undefined;
  log?: SandboxLog | undefined;
}

export interface Isolation {
  /** Rejects with `SandboxUnavailable` if the layers protect too little. */
  current(): Promise<Layers>;
  /** Called when a process did not start behind these layers: detects which ones still work. */
  reconsider(used: Layers, reason: string): Promise<void>;
  /** The layers, and what they leave unprotected, for display; undefined until the first detection has finished. */
  status(): IsolationStatus | undefined;
  /** The status after the first detection. */
  known(): Promise<IsolationStatus>;
}

export interface IsolationStatus {
  layers: string[];
  unprotected: Protection[];
}

export function createIsolation(options: IsolationOptions): Isolation {
  const { mode, log } = options;
  let found: Layers | undefined;
  let best = 0;
  let endedAt = -Infinity;
  let underWay: Promise<Layers> | undefined;
  const search = () => {
    underWay ??= searchOnce(options).then(
      (layers) => finish(layers),
      (error: unknown) => {
        underWay = undefined;
        throw error;
      },
    );
    return underWay;
  };
  const finish = (layers: Layers) => {
    if (found) compare(found, layers, log);
    found = layers;
    best = Math.max(best, layers.protects.length);
    endedAt = Date.now();
    underWay = undefined;
    return layers;
  };
  const isOlderThan = (ms: number) => Date.now() - endedAt >= ms;
  const isWorseThanBefore = () => found !== undefined && found.protects.length < best;
  const isRefused = (layers: Layers) => mode === 'strict' && listUnprotected(layers).length > 0;
  return {
    async current() {
      if (!found || (isRefused(found) && isOlderThan(LEAST_INTERVAL_MS))) await search();
      else if (isWorseThanBefore() && isOlderThan(HOPE_INTERVAL_MS)) search().catch(() => undefined);
      if (isRefused(found!)) throw new SandboxUnavailable(describeLack(found!));
      return found!;
    },
    async reconsider(used, reason) {
      log?.error({ layers: [...used.names], reason }, 'a sandbox process did not start');
      // another failed start has already triggered a detection
      if (found !== used || !isOlderThan(LEAST_INTERVAL_MS)) return;
      await search();
    },
    status() {
      if (isWorseThanBefore() && isOlderThan(HOPE_INTERVAL_MS)) search().catch(() => undefined);
      return found && describe(found);
    },
    known: async () => describe(found ?? (await search())),
  };
}

async function searchOnce(options: IsolationOptions): Promise<Layers> {
  const { guest, readable, memoryBytes, allowed = LAYERS } = options;
  const rejected: string[] = [];
  const onRejected = (prefix: readonly string[], reason: string) => {
    rejected.push(`${prefix[0] ?? 'node'}: ${reason}`);
  };
  const find = (probe: Probe) => findLayers({ readable, memoryBytes, allowed }, probe);
  const layers = await withProbe({ guest, readable, memoryBytes, onRejected }, find);
  const unprotected = listUnprotected(layers);
  if (unprotected.length > 0)
    options.log?.warn({ layers: layers.names, unprotected, rejected }, 'generated code is isolated in part only');
  return layers;
}

function compare(before: Layers, after: Layers, log: SandboxLog | undefined): void {
  const lost = before.names.filter((name) => !after.names.includes(name));
  const gained = after.names.filter((name) => !before.names.includes(name));
  if (lost.length > 0) log?.error({ lost, layers: after.names }, 'isolation layers stopped working');
  if (gained.length > 0) log?.warn({ gained, layers: after.names }, 'isolation layers work again');
}

function describe(layers: Layers): IsolationStatus {
  return { layers: [...layers.names, NODE_PERMISSIONS], unprotected: listUnprotected(layers) };
}

function listUnprotected({ protects }: Layers): Protection[] {
  return PROTECTIONS.filter((protection) => !protects.includes(protection));
}

function describeLack(layers: Layers): string {
  const lack = listUnprotected(layers).join(', ');
  const active = layers.names.length > 0 ? layers.names.join(', ') : 'none';
  return `SANDBOX_ISOLATION=strict demands layers that protect ${lack}; active layers: ${active}. See "Isolation" in docs/operate/access.md.`;
}
