/**
 * The isolation layers around the process that runs generated code. They hold even if the language sandbox inside is broken. A candidate is
 * used only if a probe behind it was unable to do what the layer is meant to prevent (src/sandbox/host/probe.ts).
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Probe } from './probe';
import type { Protection } from './protections';
import { buildSeccompFilter, printFilter } from './seccomp';

export const LAYERS = ['other user', 'bubblewrap', 'namespaces', 'prlimit', 'landlock', 'seccomp'] as const;
export type Layer = (typeof LAYERS)[number];

/** Always active, but not an independent layer: it is part of the process that it restricts. */
export const NODE_PERMISSIONS = 'node permissions';

const CPU_SECONDS = 120;
const OPEN_FILES = 64;
/** Writable private memory in addition to the program's limit: V8's heap, thread stacks, the interpreter's code. */
const DATA_OVERHEAD_BYTES = 768 * 1024 * 1024;
/** Thread limits: of one sandbox, if its user namespace counts them, and of all sandboxes on this machine, if only their user does. */
const THREADS_OF_ONE = 64;
const THREADS_OF_ALL = 2048;
/** A user id without files and processes; below 65,536, because a container's user namespace may have no more ids. */
const OTHER_USER = 65_533;
/** Where Node finds its shared libraries, and Perl its modules. */
const LIBRARIES = [
  ...['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/usr/local/lib', '/nix/store', '/etc/ld.so.cache'],
  ...['/usr/share/perl', '/usr/share/perl5'],
];
/** Files that Node opens at startup. It works if they are absent, but not if reading them is denied. */
const READ_BY_NODE = ['/dev/null', '/dev/urandom', '/etc/ssl/openssl.cnf', '/usr/lib/ssl/openssl.cnf'];
const LAUNCHER = path.join(__dirname, 'launch.pl');

/** A way to start a program behind layers, as a command-line prefix. */
export interface Layers {
  names: Layer[];
  prefix: string[];
  /** What the probe was unable to do behind them. */
  protects: Protection[];
}

export interface LayerOptions {
  /** The folders and files that a program must be able to read. */
  readable: readonly string[];
  memoryBytes: number;
  /** Only these layers are tried. */
  allowed: readonly Layer[];
}

interface Candidate {
  names: Layer[];
  /** The programs on the machine that it needs. */
  needs: string[];
  prefix: string[];
  protects: Protection[];
}

/** Finds the layers that work on this machine, from the outermost to the innermost, each behind those found before. */
export async function findLayers(options: LayerOptions, probe: Probe): Promise<Layers> {
  const first = await probe([], []);
  let found: Layers = { names: [], prefix: [], protects: first ?? [] };
  for (const list of [walls, limits, filters]) {
    for (const candidate of list(options, found).filter((one) => isUsable(one, options))) {
      const prefix = [...found.prefix, ...candidate.prefix];
      const protects = await probe(prefix, candidate.protects);
      if (!protects) continue;
      found = { names: [...found.names, ...candidate.names], prefix, protects };
      break;
    }
  }
  return found;
}

function isUsable({ names, needs }: Candidate, { allowed }: LayerOptions): boolean {
  return names.every((name) => allowed.includes(name)) && needs.every((program) => path.isAbsolute(locate(program)));
}

/** Returns the absolute path of a program: a child has no PATH. */
function locate(name: string): string {
  const folder = ['/usr/bin', '/bin', '/usr/local/bin'].find((candidate) => existsSync(path.join(candidate, name)));
  return folder ? path.join(folder, name) : name;
}

/**
 * Layers that change the user and the namespaces of a program. The other user is applied first: behind bubblewrap, root would remain root.
 */
function walls(options: LayerOptions): Candidate[] {
  const bubblewrap: Candidate = {
    names: ['bubblewrap'],
    needs: ['bwrap'],
    prefix: buildBubblewrap(options),
    protects: ['network', 'files'],
  };
  const namespaces: Candidate = {
    names: ['namespaces'],
    needs: ['unshare'],
    prefix: [locate('unshare'), '--user', '--map-current-user', '--net', '--ipc', '--uts'],
    protects: ['network'],
  };
  if (process.getuid?.() !== 0) return [bubblewrap, namespaces];
  const otherUser: Candidate = {
    names: ['other user'],
    needs: ['setpriv'],
    prefix: [
      ...[locate('setpriv'), `--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, '--clear-groups'],
      ...['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'],
    ],
    protects: ['files'],
  };
  // root can create the other namespaces without a user namespace
  const namespacesOfRoot = { ...namespaces, prefix: [locate('unshare'), '--net', '--ipc', '--uts'] };
  return [join(otherUser, bubblewrap), join(namespacesOfRoot, otherUser), bubblewrap, otherUser, namespacesOfRoot];
}

function join(outer: Candidate, inner: Candidate): Candidate {
  return {
    names: [...outer.names, ...inner.names],
    needs: [...outer.needs, ...inner.needs],
    prefix: [...outer.prefix, ...inner.prefix],
    protects: [...outer.protects, ...inner.protects],
  };
}

/** An empty root filesystem with Node and the files that a child reads; no network, no other processes. */
function buildBubblewrap({ readable }: LayerOptions): string[] {
  const programs = [process.execPath, locate('prlimit'), locate('perl'), LAUNCHER];
  const bind = (place: string) => ['--ro-bind-try', place, place];
  return [
    locate('bwrap'),
    ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...[...LIBRARIES, ...programs, ...readable].flatMap(bind),
    ...['--dev', '/dev', '--chdir', '/'],
  ];
}

/** The CPU limit also ends a looping child whose parent has exited. The address space cannot be limited: V8 reserves terabytes. */
function limits({ memoryBytes }: LayerOptions, { names }: Layers): Candidate[] {
  const isolated = names.includes('bubblewrap') || (names.includes('namespaces') && !names.includes('other user'));
  const threads = isolated ? THREADS_OF_ONE : names.includes('other user') ? THREADS_OF_ALL : undefined;
  const prefix = [
    ...[locate('prlimit'), `--cpu=${CPU_SECONDS}`, `--nofile=${OPEN_FILES}`, '--core=0', '--fsize=0'],
    `--data=${memoryBytes + DATA_OVERHEAD_BYTES}`,
  ];
  const candidate: Candidate = { names: ['prlimit'], needs: ['prlimit'], prefix, protects: ['memory'] };
  // Linux before 5.14 counts all threads of the user, regardless of namespaces
  return [...(threads ? [{ ...candidate, prefix: [...prefix, `--nproc=${threads}`] }] : []), candidate];
}

/** Layers that need no privileges and also work in a container without any. */
function filters({ readable }: LayerOptions): Candidate[] {
  const filter = buildSeccompFilter(process.arch);
  const places = [...LIBRARIES, ...READ_BY_NODE, process.execPath, ...readable].filter((place) => existsSync(place));
  const launch = (names: Layer[], words: string[], protects: Protection[]): Candidate => ({
    names,
    needs: ['perl'],
    prefix: [locate('perl'), LAUNCHER, process.arch, ...words, '--'],
    protects,
  });
  const landlock = places.map((place) => `read=${place}`);
  const files = launch(['landlock'], landlock, ['files']);
  if (!filter) return [files];
  const seccomp = `seccomp=${printFilter(filter)}`;
  return [
    launch(['landlock', 'seccomp'], [...landlock, seccomp], ['files', 'network', 'processes']),
    launch(['seccomp'], [seccomp], ['network', 'processes']),
    files,
  ];
}
