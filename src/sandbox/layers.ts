/**
 * The walls around a child, as this machine offers them: bubblewrap, else user and network namespaces, else none on top; resource
 * limits by prlimit; and always Node's permission model. Each was tried before it counts.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const TRIAL_TIMEOUT_MS = 10_000;
const CPU_SECONDS = 120;
const OPEN_FILES = 64;
/** Where Node finds its shared libraries. */
const LIBRARIES = ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', '/nix/store', '/etc/ld.so.cache'];

/** A way to start a program inside: what comes before the program on the command line. */
export interface Layers {
  /** For people: `bubblewrap`, `namespaces`, `prlimit`, `node permissions`. */
  names: string[];
  prefix: string[];
}

/** Finds out what works here, by starting Node in it. `readable` are the folders and files that a child must see. */
export async function findLayers(readable: readonly string[]): Promise<Layers> {
  const limits = await firstThatWorks([{ names: ['prlimit'], prefix: prlimit() }]);
  const walls = await firstThatWorks([
    { names: ['bubblewrap'], prefix: bubblewrap(readable) },
    { names: ['namespaces'], prefix: ['unshare', '--user', '--map-current-user', '--net', '--ipc', '--uts'] },
  ]);
  return {
    names: [...walls.names, ...limits.names, 'node permissions'],
    prefix: [...limits.prefix, ...walls.prefix],
  };
}

async function firstThatWorks(candidates: Layers[]): Promise<Layers> {
  for (const candidate of candidates) {
    const [program = '', ...args] = [...candidate.prefix, process.execPath, '--eval', '0'];
    const works = await promisify(execFile)(program, args, { env: {}, timeout: TRIAL_TIMEOUT_MS }).then(
      () => true,
      () => false,
    );
    if (works) return candidate;
  }
  return { names: [], prefix: [] };
}

/** Programs by their whole path: a child has no PATH. */
function located(name: string): string {
  const folder = ['/usr/bin', '/bin', '/usr/local/bin'].find((candidate) => existsSync(path.join(candidate, name)));
  return folder ? path.join(folder, name) : name;
}

/** A child whose parent is gone ends by itself at the CPU limit, should it be in a loop. */
function prlimit(): string[] {
  return [located('prlimit'), `--cpu=${CPU_SECONDS}`, `--nofile=${OPEN_FILES}`, '--core=0', '--fsize=0'];
}

/** An empty root with Node and what a child reads; no network, no other processes. */
function bubblewrap(readable: readonly string[]): string[] {
  const bind = (folder: string) => ['--ro-bind-try', folder, folder];
  return [
    located('bwrap'),
    ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...LIBRARIES.flatMap(bind),
    ...bind(process.execPath),
    ...readable.flatMap(bind),
    ...['--dev', '/dev', '--chdir', '/'],
  ];
}
