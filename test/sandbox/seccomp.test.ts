/** The seccomp filter: its numbers equal those of the kernel's headers, and it decides as intended on every architecture. */
import { existsSync, readFileSync } from 'node:fs';
import { ALLOWED, buildSeccompFilter, RESTRICTED, type Instruction } from '../../src/sandbox/host/seccomp';

const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const VALUES = { pid: 4711, 'path-low': 0x9abc_def0, 'path-high': 0x0000_7f12 };
const ARCHES = [
  ['x64', 0xc000003e, 0],
  ['arm64', 0xc00000b7, 1],
] as const;

interface Call {
  number: number;
  arch: number;
  args?: bigint[];
}

/** Executes the BPF program as the kernel does. */
function decide(filter: readonly Instruction[], { number, arch, args = [] }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((value, i) => data.writeBigUInt64LE(value, 16 + 8 * i));
  let accumulator = 0;
  for (let at = 0; at < filter.length; at++) {
    const [code, jt, jf, operand] = filter[at]!;
    const k = typeof operand === 'number' ? operand : VALUES[operand];
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x06) return k;
    else throw new Error(`Instruction ${code} is not known here.`);
  }
  throw new Error('The program ends without a verdict.');
}

describe.each(ARCHES)('on %s', (name, arch, column) => {
  const filter = buildSeccompFilter(name)!;
  const call = (number: number | null, ...args: bigint[]) => decide(filter, { number: number ?? -1, arch, args });
  const restricted = (of: string, ...args: bigint[]) => call(RESTRICTED[of]!.numbers[column], ...args);

  test('listed calls are allowed, and all others fail with ENOSYS', () => {
    const plain = new Set(Object.values(ALLOWED).map((numbers) => numbers[column]));
    const conditional = new Set(Object.values(RESTRICTED).map(({ numbers }) => numbers[column]));
    for (let number = 0; number < 1024; number++) {
      if (conditional.has(number)) continue;
      expect([number, call(number)]).toEqual([number, plain.has(number) ? ALLOW : ENOSYS]);
    }
  });

  test('threads are allowed, processes and namespaces are not', () => {
    const THREAD = 0x3d0f00n;
    expect(restricted('clone', THREAD)).toBe(ALLOW);
    expect(restricted('clone', 17n)).toBe(EPERM);
    for (const namespace of [0x80n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n])
      expect(restricted('clone', THREAD | namespace)).toBe(EPERM);
  });

  test('only the launcher’s own path can be executed, and only the process itself can be signalled', () => {
    const address = (BigInt(VALUES['path-high']) << 32n) | BigInt(VALUES['path-low']);
    expect(restricted('execve', address)).toBe(ALLOW);
    expect(
      [address + 1n, address & 0xffff_ffffn, address ^ (1n << 40n)].map((other) => restricted('execve', other)),
    ).toEqual([EPERM, EPERM, EPERM]);
    for (const signal of ['kill', 'tgkill'])
      expect([4711n, 1n, 4712n, 0xffff_ffffn].map((pid) => restricted(signal, pid))).toEqual([
        ALLOW,
        EPERM,
        EPERM,
        EPERM,
      ]);
  });

  test('limits can be read but not set, descriptors send no signals, terminals take no input', () => {
    expect([restricted('prlimit64', 0n, 7n, 0n), restricted('prlimit64', 0n, 7n, 1n << 32n)]).toEqual([ALLOW, EPERM]);
    expect([restricted('fcntl', 3n, 4n), restricted('fcntl', 3n, 8n)]).toEqual([ALLOW, EPERM]);
    expect([restricted('ioctl', 3n, 0x5451n), restricted('ioctl', 3n, 0x5412n)]).toEqual([ALLOW, EPERM]);
    expect([restricted('prctl', 15n), restricted('prctl', 38n)]).toEqual([ALLOW, EPERM]);
  });

  test('calls in the convention of another architecture kill the process', () => {
    for (const [, other] of ARCHES) expect(decide(filter, { number: 0, arch: other }) === KILL).toBe(other !== arch);
    expect(decide(filter, { number: 1, arch: 0x40000003 })).toBe(KILL);
  });

  test('all jumps fit into the offsets of a filter', () => {
    for (const [, jt, jf] of filter) expect([jt <= 255, jf <= 255]).toEqual([true, true]);
    expect(filter.length).toBeLessThan(4096);
  });
});

test('an architecture with unknown numbers has no filter', () => {
  expect(buildSeccompFilter('riscv64')).toBeUndefined();
});

const X64_HEADER = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h';
const ARM64_HEADER = '/usr/include/asm-generic/unistd.h';
test.each([
  ['x64', X64_HEADER, 0],
  ['arm64', ARM64_HEADER, 1],
] as const)(
  'the numbers on %s are those of the kernel’s headers, where these are installed',
  (_arch, header, column) => {
    if (!existsSync(header)) return;
    const text = readFileSync(header, 'utf8').replace(/__NR3264_/g, '__NR_');
    const known = Object.fromEntries(
      [...text.matchAll(/#define __NR_(\w+)\s+(\d+)$/gm)].map(([, name, n]) => [name, Number(n)]),
    );
    const mine = {
      ...ALLOWED,
      ...Object.fromEntries(Object.entries(RESTRICTED).map(([name, { numbers }]) => [name, numbers])),
    };
    // some calls have another name in the generic header than on each platform
    const alias: Record<string, string> = column === 1 ? { newfstatat: 'fstatat' } : {};
    const wrong = Object.entries(mine).flatMap(([name, numbers]) => {
      const number = numbers[column];
      const given = known[alias[name] ?? name] ?? null;
      return number === null || given === number || given === null ? [] : [[name, number, given]];
    });
    expect(wrong).toEqual([]);
    const unknown = Object.entries(mine).filter(
      ([name, numbers]) => numbers[column] !== null && known[alias[name] ?? name] === undefined,
    );
    // calls that are newer than the headers
    expect(unknown.map(([name]) => name)).toEqual([]);
  },
);
