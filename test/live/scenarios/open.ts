import type { Expectation, Scenario } from '../scenario.ts';

const READ: Expectation = {
  eventName: 'proc_mem_access',
  id: 'TRC-1023',
  severity: 3,
  method: 'proc_mem_open',
  mode: 'read',
};
const WRITE: Expectation = {
  eventName: 'proc_mem_code_injection',
  id: 'TRC-1024',
  severity: 3,
  method: 'proc_mem_open',
  mode: 'write',
};
const BOTH: readonly Expectation[] = [
  { ...READ, mode: 'read_write' },
  { ...WRITE, mode: 'read_write' },
];
const SELF: Expectation = { ...READ, severity: 1 };
const KCORE: Expectation = {
  eventName: 'proc_kcore_read',
  id: 'TRC-1021',
  severity: 2,
  method: 'kcore_open',
  mode: 'read',
};

const REFUSED_EARLY: Expectation = {
  ...READ,
  limits: [
    {
      hook: 'kprobe',
      reason:
        'the file mode refuses the open in may_open(), before security_file_open is reached, and a return probe does not have the path',
    },
  ],
};
const BY_IO_URING: Expectation = {
  ...READ,
  limits: [
    {
      hook: 'tracepoint',
      before: '5.19',
      reason: 'io_uring_complete does not report which request it completes',
    },
  ],
};

function scenario(name: string, command: Scenario['command'], expect: readonly Expectation[]): Scenario {
  return { name, command, capability: 'file_open', expect };
}

/** Every way to open the memory of a process or of the kernel, and what only looks like one. */
export const openScenarios: readonly Scenario[] = [
  scenario('read of another process', ['open_mem', 'O_RDONLY'], [READ]),
  scenario('write to another process', ['open_mem', 'O_WRONLY'], [WRITE]),
  scenario('read and write', ['open_mem', 'O_RDWR'], BOTH),
  scenario('read and write, close on exec', ['open_mem', 'O_RDWR|O_CLOEXEC'], BOTH),
  scenario('O_CREAT alone is a read', ['open_mem', 'O_RDONLY|O_CREAT'], [READ]),
  scenario('access mode 3 is neither', ['open_mem', '3'], []),
  scenario('O_PATH is no access', ['open_mem', 'O_PATH'], []),
  scenario("own pid's number", ['open_own_number'], [SELF]),
  scenario('/proc/self/mem', ['open_self'], [SELF]),
  scenario('/proc/thread-self/mem', ['open_thread_self'], [SELF]),
  scenario('/proc/<pid>/task/<tid>/mem', ['open_task'], [READ]),
  scenario('/proc/<tid>/mem', ['open_thread_number'], [READ]),
  scenario('relative open after chdir', ['open_relative'], [READ]),
  scenario('symbolic link', ['open_symlink'], [READ]),
  scenario('openat2', ['open_openat2'], [READ]),
  scenario('procfs mounted elsewhere', ['open_other_procfs'], [READ]),
  scenario('bind-mounted single file', ['open_bind_mount'], [READ]),
  scenario('/proc/1/mem in a nested pid namespace', ['open_nested_pid1'], [READ]),
  scenario('pid 1', ['open_pid1'], [READ]),
  scenario('O_PATH descriptor reopened', ['open_opath_reopen'], [READ]),
  scenario('victim and attacker gone at once', ['open_then_kill'], [READ]),
  scenario('32-bit caller', ['open_compat32'], [READ]),
  scenario('io_uring OPENAT', ['open_io_uring', 'openat'], [BY_IO_URING]),
  scenario('io_uring OPENAT2', ['open_io_uring', 'openat2'], [BY_IO_URING]),
  scenario('io_uring OPENAT, IOSQE_ASYNC', ['open_io_uring', 'openat', 'async'], [BY_IO_URING]),
  scenario('io_uring OPENAT2, IOSQE_ASYNC', ['open_io_uring', 'openat2', 'async'], [BY_IO_URING]),
  scenario('io_uring OPENAT, SQPOLL', ['open_io_uring', 'openat', 'sqpoll'], [BY_IO_URING]),
  scenario('detached fsmount() procfs', ['open_detached_procfs'], [READ]),
  scenario('chrooted caller', ['open_chrooted'], [READ]),
  scenario('unprivileged user namespace, victim inside', ['open_user_namespace', 'inside'], [READ]),
  scenario('unprivileged user namespace, victim outside', ['open_user_namespace', 'outside'], [READ]),
  scenario('refused by the ptrace check', ['refused_by_ptrace_check'], [READ]),
  scenario('refused by the file mode', ['refused_by_owner'], [REFUSED_EARLY]),
  scenario('kcore read', ['open_kcore', 'O_RDONLY'], [KCORE]),
  scenario('kcore read and write', ['open_kcore', 'O_RDWR'], [{ ...KCORE, mode: 'read_write' }]),
  scenario('kcore write', ['open_kcore', 'O_WRONLY'], []),
  scenario('ordinary file /tmp/proc/12/mem', ['open_decoy', 'proc/12/mem'], []),
  scenario('ordinary file called kcore', ['open_decoy', 'proc/kcore'], []),
  scenario('/proc/meminfo', ['open_neighbour', 'meminfo'], []),
  scenario('/proc/<pid>/maps', ['open_neighbour', '%d/maps'], []),
];
