/** Describes the machine on which the figures were measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ServerPrograms } from '../systems/servers';

export interface Machine {
  cores: number;
  model: string;
  memoryGiB: number;
  system: string;
  node: string;
  temporal: string;
  redis: string;
  packages: Record<string, string>;
  /** Processes that wanted a core in the minute before the run: the competing load. */
  loadBefore: number;
}

const PACKAGES = ['@temporalio/worker', 'openai', 'ioredis', 'ws', 'koa'];

export function describeMachine({ redis, temporal }: ServerPrograms, root: string): Machine {
  return {
    cores: os.availableParallelism(),
    model: os.cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    temporal: /Server (\S+?)[,)]/.exec(readVersion(temporal.program))?.[1] ?? 'unknown',
    redis: /v=(\S+)/.exec(readVersion(redis.program))?.[1] ?? 'unknown',
    packages: Object.fromEntries(PACKAGES.map((name) => [name, packageVersion(root, name)])),
    loadBefore: os.loadavg()[0] ?? NaN,
  };
}

export function machineLine({ cores, model, memoryGiB, system, ...versions }: Machine): string {
  const packages = Object.entries(versions.packages).map(([name, version]) => `${name} ${version}`);
  const programs = [`node ${versions.node}`, `temporal ${versions.temporal}`, `redis ${versions.redis}`, ...packages];
  const load = `load ${versions.loadBefore.toFixed(1)} before the run`;
  return `${cores} cores (${model}), ${memoryGiB} GiB, ${system}; ${programs.join(', ')}; ${load}`;
}

function readVersion(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' });
}

function packageVersion(root: string, name: string): string {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
