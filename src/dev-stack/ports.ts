/**
 * Chooses ports for the processes that we start, stores them in DATA_DIR/run/ports.json so that addresses stay the same across starts, and
 * finds the process that occupies a port that we need.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import getPort, { portNumbers } from 'get-port';

/** How many ports from the default on are tried before any free one is taken. */
const TRIES = 200;

/** Whether a server accepts connections on the port. */
export function isListening(port: number, host = '127.0.0.1', timeoutMs = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host, timeout: timeoutMs });
    const answer = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}

/** Chooses a free port for each name: the previous one, else the first free one from its default on. */
export async function choosePorts(runDir: string, defaults: Record<string, number>): Promise<Record<string, number>> {
  const file = join(runDir, 'ports.json');
  const before = readPorts(file);
  const chosen: Record<string, number> = {};
  for (const [name, first] of Object.entries(defaults)) {
    chosen[name] = await getPort({ port: [before[name] ?? first, ...portNumbers(first, first + TRIES)] });
  }
  mkdirSync(runDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...before, ...chosen })}\n`);
  return chosen;
}

function readPorts(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/** Returns the pid of the process that listens on a port, if the system reveals it. */
export function findListener(port: number): number | undefined {
  try {
    return process.platform === 'linux' ? findInProc(port) : findByLsof(port);
  } catch {
    return undefined;
  }
}

function findByLsof(port: number): number | undefined {
  const pids = execFileSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], { encoding: 'utf8' });
  return Number(pids.split('\n')[0]) || undefined;
}

function findInProc(port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6']
    .filter(existsSync)
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .map((fields) => `socket:[${fields[9]}]`);
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).find((pid) => listOpenFiles(pid).some((target) => sockets.includes(target)));
}

function listOpenFiles(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
  } catch {
    return []; // another user's process, or one that has just ended
  }
}
