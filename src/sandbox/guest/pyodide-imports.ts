/**
 * The imports of Pyodide's WebAssembly module that a running program may use: a C library with in-memory files, clocks, random numbers and
 * the interpreter's own calls through its function table. None of them accepts or returns a JavaScript object. Any other import ends the
 * child, including those that a later version of Pyodide adds.
 */
import type { GateRules } from './import-gate';

const FILES = `__syscall_chdir __syscall_chmod __syscall_dup __syscall_dup3 __syscall_faccessat __syscall_fadvise64 __syscall_fallocate
  __syscall_fchdir __syscall_fchmod __syscall_fchmodat2 __syscall_fchown32 __syscall_fchownat __syscall_fcntl64 __syscall_fdatasync
  __syscall_fstat64 __syscall_fstatfs64 __syscall_ftruncate64 __syscall_getcwd __syscall_getdents64 __syscall_ioctl __syscall_lstat64
  __syscall_mkdirat __syscall_mknodat __syscall_newfstatat __syscall_openat __syscall_pipe __syscall_poll __syscall_readlinkat
  __syscall_renameat __syscall_rmdir __syscall_stat64 __syscall_statfs64 __syscall_symlinkat __syscall_truncate64 __syscall_unlinkat
  __syscall_utimensat _mmap_js _msync_js _munmap_js fd_close fd_fdstat_get fd_pread fd_pwrite fd_read fd_seek fd_sync fd_write`;
const TIME = `_gmtime_js _localtime_js _mktime_js _timegm_js _tzset_js clock_res_get clock_time_get emscripten_date_now emscripten_get_now`;
/** Sockets can be created and queried, and names are resolved to fictitious addresses; no connection is possible. */
const SOCKETS = `__syscall_getpeername __syscall_getsockname __syscall_getsockopt __syscall_socket getaddrinfo getnameinfo getprotobyname`;
const INTERPRETER = `_PyEM_TrampolineCall_JS _Py_CheckEmscriptenSignals_Helper __assert_fail __call_sighandler _abort_js
  _emscripten_get_progname _emscripten_runtime_keepalive_clear emscripten_get_heap_max emscripten_resize_heap
  emscripten_runtime_keepalive_pop emscripten_runtime_keepalive_push environ_get environ_sizes_get random_get
  Jsv_GetError_import JsvError_Check`;

const names = (...lists: string[]) => lists.flatMap((list) => list.split(/\s+/));

/** Error numbers of WebAssembly's C library. */
const ENETUNREACH = 40;
const ENOSYS = 52;

const refuseNetwork = () => -ENETUNREACH;
const noSuspension = () => null;
const zero = () => 0;

/** Imports that ordinary programs call incidentally, answered without the host. */
const SUBSTITUTES = {
  ...Object.fromEntries(
    ['accept4', 'bind', 'connect', 'listen', 'recvfrom', 'recvmsg', 'sendmsg', 'sendto'].map((name) => [
      `__syscall_${name}`,
      refuseNetwork,
    ]),
  ),
  ...Object.fromEntries(
    ['connect', 'recvfrom', 'sendto', 'poll'].map((name) => [`_maybe_${name}_async`, noSuspension]),
  ),
  _try_fcntl64: zero,
  _try_shutdown: zero,
  __syscall_getuid32_js: zero,
  __syscall_umask_js: zero,
  // no step is ever interrupted
  _setitimer_js: zero,
  _emscripten_system: () => -ENOSYS,
  exit: endInterpreter,
  proc_exit: endInterpreter,
};

function endInterpreter(): never {
  throw new Error('The program ended it.');
}

export const PYODIDE_IMPORTS: GateRules = {
  open: new Set(names(FILES, TIME, SOCKETS, INTERPRETER)),
  substitutes: SUBSTITUTES,
};
