// SPDX-License-Identifier: Apache-2.0
#include "runtime/system_calls.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace paddock::runtime {
namespace {

// By what they are for. Not among them, so that who takes a daemon over cannot use it for more:
// mounts, modules, other users, other processes' memory, keys, clocks, bpf, io_uring and namespaces
// other than those it is handed (setns).
constexpr std::array needed_calls{
    // memory
    "brk", "madvise", "mincore", "mmap", "mprotect", "mremap", "msync", "munmap", "memfd_create",
    // threads, processes, signals; a successor is executed
    "arch_prctl", "clone", "clone3", "execve", "exit", "exit_group", "futex", "get_robust_list",
    "getcpu", "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpid",
    "getppid", "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "gettid", "getuid",
    "kill", "membarrier", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64",
    "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sched_getaffinity", "sched_getparam",
    "sched_getscheduler", "sched_yield", "set_robust_list", "set_tid_address", "setns", "setsid",
    "sigaltstack", "signalfd4", "tgkill", "vfork", "wait4", "waitid",
    // time and chance
    "clock_getres", "clock_gettime", "clock_nanosleep", "getrandom", "gettimeofday", "nanosleep",
    "time", "times", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    // descriptors and waiting
    "close", "close_range", "dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_pwait2", "epoll_wait", "eventfd2", "fcntl", "ioctl", "lseek", "pipe2", "poll", "ppoll",
    "pread64", "preadv", "preadv2", "pselect6", "pwrite64", "pwritev", "pwritev2", "read", "readv",
    "select", "write", "writev",
    // files
    "access", "chdir", "chmod", "chown", "copy_file_range", "faccessat", "faccessat2", "fadvise64",
    "fallocate", "fchmod", "fchmodat", "fchown", "fchownat", "fdatasync", "flock", "fstat",
    "fstatfs", "fsync", "ftruncate", "getcwd", "getdents64", "inotify_add_watch", "inotify_init1",
    "inotify_rm_watch", "link", "linkat", "lstat", "mkdir", "mkdirat", "newfstatat", "open",
    "openat", "openat2", "readlink", "readlinkat", "rename", "renameat", "renameat2", "rmdir",
    "sendfile", "stat", "statfs", "statx", "symlink", "symlinkat", "sync_file_range", "sysinfo",
    "truncate", "umask", "uname", "unlink", "unlinkat", "utimensat",
    // sockets
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    "socket", "socketpair"};

std::string because(int error) {
  return "system calls cannot be refused: " + std::generic_category().message(-error);
}

}  // namespace

std::string refuse_other_system_calls() {
  if (::prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER) return {};
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(
      ::seccomp_init(SCMP_ACT_ERRNO(EPERM)), [](scmp_filter_ctx made) { ::seccomp_release(made); });
  if (!filter) return because(-ENOMEM);
  // Threads there are already, too: one that may change what another may not is no use.
  (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  // Searched as a tree; where the kernel keeps a map of what is always allowed, not at all.
  (void)::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const char* name : needed_calls) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number < 0) continue;  // this architecture does without it
    if (const int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0); error != 0)
      return because(error);
  }
  const int error = ::seccomp_load(filter.get());
  return error == 0 ? std::string{} : because(error);
}

}  // namespace paddock::runtime
