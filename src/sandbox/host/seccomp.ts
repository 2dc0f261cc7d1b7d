/**
 * The system calls that a process with generated code may make, as a classic BPF program for seccomp. A call that is not listed fails with
 * ENOSYS, so that Node and libc fall back as on an older kernel. No sockets, no other processes, no signals to them.
 */

interface Arch {
  /** `AUDIT_ARCH_*` of linux/audit.h: calls in another architecture's convention have other numbers. */
  audit: number;
  /** Column of the table below. */
  column: 0 | 1;
}

const ARCHES: Partial<Record<NodeJS.Architecture, Arch>> = {
  x64: { audit: 0xc000003e, column: 0 },
  arm64: { audit: 0xc00000b7, column: 1 },
};

/** Numbers on x64 and on arm64; `null` where an architecture lacks the call. */
type Numbers = readonly [x64: number | null, arm64: number | null];

/**
 * Allowed with any arguments. Sockets cannot be created; inherited ones can only be read and written like files, and cannot pass
 * descriptors.
 */
export const ALLOWED: Readonly<Record<string, Numbers>> = {
  read: [0, 63],
  write: [1, 64],
  open: [2, null],
  close: [3, 57],
  stat: [4, null],
  fstat: [5, 80],
  lstat: [6, null],
  poll: [7, null],
  lseek: [8, 62],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  brk: [12, 214],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  pread64: [17, 67],
  readv: [19, 65],
  writev: [20, 66],
  access: [21, null],
  sched_yield: [24, 124],
  mremap: [25, 216],
  mincore: [27, 232],
  madvise: [28, 233],
  dup: [32, 23],
  dup2: [33, null],
  nanosleep: [35, 101],
  getpid: [39, 172],
  shutdown: [48, 210],
  getsockname: [51, 204],
  getpeername: [52, 205],
  setsockopt: [54, 208],
  getsockopt: [55, 209],
  exit: [60, 93],
  uname: [63, 160],
  getcwd: [79, 17],
  readlink: [89, null],
  umask: [95, 166],
  gettimeofday: [96, 169],
  getrlimit: [97, 163],
  getrusage: [98, 165],
  sysinfo: [99, 179],
  times: [100, 153],
  getuid: [102, 174],
  getgid: [104, 176],
  geteuid: [107, 175],
  getegid: [108, 177],
  getppid: [110, 173],
  getresuid: [118, 148],
  getresgid: [120, 150],
  capget: [125, 90],
  sigaltstack: [131, 132],
  statfs: [137, 43],
  fstatfs: [138, 44],
  getpriority: [140, 141],
  sched_getparam: [143, 121],
  sched_getscheduler: [145, 120],
  arch_prctl: [158, null],
  gettid: [186, 178],
  time: [201, null],
  futex: [202, 98],
  sched_getaffinity: [204, 123],
  epoll_create: [213, null],
  getdents64: [217, 61],
  set_tid_address: [218, 96],
  restart_syscall: [219, 128],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  exit_group: [231, 94],
  epoll_wait: [232, null],
  epoll_ctl: [233, 21],
  openat: [257, 56],
  newfstatat: [262, 79],
  readlinkat: [267, 78],
  faccessat: [269, 48],
  ppoll: [271, 73],
  set_robust_list: [273, 99],
  get_robust_list: [274, 100],
  epoll_pwait: [281, 22],
  eventfd2: [290, 19],
  epoll_create1: [291, 20],
  dup3: [292, 24],
  pipe2: [293, 59],
  getcpu: [309, 168],
  getrandom: [318, 278],
  membarrier: [324, 283],
  pkey_mprotect: [329, 288],
  pkey_alloc: [330, 289],
  pkey_free: [331, 290],
  statx: [332, 291],
  rseq: [334, 293],
  faccessat2: [439, 439],
  epoll_pwait2: [441, 441],
};

/** One half of a 64-bit argument, and its allowed values after masking. The launcher supplies the named values. */
interface Condition {
  argument: number;
  half: 'low' | 'high';
  mask?: number;
  oneOf: readonly (number | LaunchValue)[];
}

/** Known only when the process starts: its process id, and the address of the launcher's string with the program path. */
type LaunchValue = 'pid' | 'path-low' | 'path-high';

interface Restricted {
  numbers: Numbers;
  conditions: readonly Condition[];
}

const low = (argument: number, ...oneOf: Condition['oneOf']): Condition => ({ argument, half: 'low', oneOf });
const high = (argument: number, ...oneOf: Condition['oneOf']): Condition => ({ argument, half: 'high', oneOf });

const CLONE_THREAD = 0x0001_0000;
/** CLONE_NEWTIME to CLONE_NEWNET, as linux/sched.h numbers them. */
const CLONE_NAMESPACES = 0x7e02_0080;

/** Allowed only with these arguments; with others they fail with EPERM. */
export const RESTRICTED: Readonly<Record<string, Restricted>> = {
  /** Only threads, no processes. `clone3` keeps its flags in memory, which a filter cannot read, so it is not listed. */
  clone: {
    numbers: [56, 220],
    conditions: [{ ...low(0, CLONE_THREAD), mask: CLONE_THREAD | CLONE_NAMESPACES }],
  },
  /** Only the launcher's own call, which starts Node: no later call has its path at that address. */
  execve: { numbers: [59, 221], conditions: [low(0, 'path-low'), high(0, 'path-high')] },
  kill: { numbers: [62, 129], conditions: [low(0, 'pid')] },
  tgkill: { numbers: [234, 131], conditions: [low(0, 'pid')] },
  /** FIOCLEX, FIONCLEX, FIONBIO, FIONREAD, TCGETS */
  ioctl: { numbers: [16, 29], conditions: [low(1, 0x5451, 0x5450, 0x5421, 0x541b, 0x5401)] },
  /** F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC; not F_SETOWN, which could send signals to other processes. */
  fcntl: { numbers: [72, 25], conditions: [low(1, 0, 1, 2, 3, 4, 1030)] },
  /** PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA */
  prctl: { numbers: [157, 167], conditions: [low(0, 15, 16, 3, 0x53564d41)] },
  /** Only reading limits, not setting them. */
  prlimit64: { numbers: [302, 261], conditions: [low(2, 0), high(2, 0)] },
};

const LOAD = 0x20;
const AND = 0x54;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;

const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;

/** Offsets in `struct seccomp_data`, little-endian. */
const NUMBER = 0;
const ARCH = 4;
const ARGUMENTS = 16;

/** One `struct sock_filter`: code, jumps if true and if false, operand. */
export type Instruction = readonly [code: number, jt: number, jf: number, k: number | LaunchValue];

const finish = (verdict: number): Instruction => [RETURN, 0, 0, verdict];

/** The filter for this architecture; undefined if its call numbers are unknown. */
export function buildSeccompFilter(name: NodeJS.Architecture): Instruction[] | undefined {
  const arch = ARCHES[name];
  if (!arch) return undefined;
  const plain = Object.values(ALLOWED).flatMap((numbers) => onCall(numbers[arch.column], [finish(ALLOW)]));
  const restricted = Object.values(RESTRICTED).flatMap(({ numbers, conditions }) =>
    onCall(numbers[arch.column], demand(conditions)),
  );
  return [
    [LOAD, 0, 0, ARCH],
    [JUMP_IF_EQUAL, 1, 0, arch.audit],
    finish(KILL_PROCESS),
    [LOAD, 0, 0, NUMBER],
    ...restricted,
    ...plain,
    finish(ENOSYS),
  ];
}

/** The filter in the launcher's format: instructions separated by spaces, fields by commas. */
export function printFilter(filter: readonly Instruction[]): string {
  return filter.map((instruction) => instruction.join(',')).join(' ');
}

/** The body must return. */
function onCall(number: number | null, body: readonly Instruction[]): Instruction[] {
  return number === null ? [] : [[JUMP_IF_EQUAL, 0, body.length, number], ...body];
}

function demand(conditions: readonly Condition[]): Instruction[] {
  return [...conditions.flatMap(check), finish(ALLOW)];
}

/** Falls through to the next instruction if the condition holds. */
function check({ argument, half, mask, oneOf }: Condition): Instruction[] {
  const offset = ARGUMENTS + argument * 8 + (half === 'high' ? 4 : 0);
  const compare = oneOf.map((value, i): Instruction => [JUMP_IF_EQUAL, oneOf.length - i, 0, value]);
  return [[LOAD, 0, 0, offset], ...(mask === undefined ? [] : [[AND, 0, 0, mask] as const]), ...compare, finish(EPERM)];
}
