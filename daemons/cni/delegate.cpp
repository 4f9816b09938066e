// SPDX-License-Identifier: Apache-2.0
#include "cni/delegate.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paddock::cni {
namespace {

constexpr size_t longest_plugin = 4096;

// The file of that name in the first directory of CNI_PATH that has it. False: none has.
bool find_plugin(const char* name, char (&path)[longest_plugin]) {
  const char* directories = ::getenv("CNI_PATH");
  while (directories && *directories) {
    const auto length = ::strcspn(directories, ":");
    const int written =
        ::snprintf(path, sizeof path, "%.*s/%s", static_cast<int>(length), directories, name);
    struct stat status {};
    if (written > 0 && static_cast<size_t>(written) < sizeof path && ::stat(path, &status) == 0 &&
        S_ISREG(status.st_mode))
      return true;
    directories += length + (directories[length] == ':' ? 1 : 0);
  }
  return false;
}

// Feeds stdin, which does not block, and takes stdout at the same time, so that neither side waits
// for the other. Ends with its output, or when there is no room for more.
void exchange_with(int input, int output, const Call& call, Delegated& delegated) {
  size_t sent = 0;
  bool open_input = true;
  for (;;) {
    pollfd waited[] = {{output, POLLIN, 0}, {open_input ? input : -1, POLLOUT, 0}};
    if (::poll(waited, 2, -1) < 0 && errno != EINTR) break;
    if (open_input && waited[1].revents != 0) {
      const ssize_t count = ::write(input, call.input + sent, call.input_size - sent);
      if (count > 0) sent += static_cast<size_t>(count);
      if ((count < 0 && errno != EAGAIN) || sent == call.input_size) {
        ::close(input);
        open_input = false;
      }
    }
    if (waited[0].revents == 0) continue;
    const auto room = sizeof delegated.output - delegated.output_size;
    const ssize_t count = ::read(output, delegated.output + delegated.output_size, room);
    if (count <= 0) break;
    delegated.output_size += static_cast<size_t>(count);
  }
  if (open_input) ::close(input);
}

[[noreturn]] void become(const char* path, const char* command, int input, int output) {
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::setenv("CNI_COMMAND", command, 1);
  char* arguments[] = {const_cast<char*>(path), nullptr};
  ::execv(path, arguments);
  ::_exit(127);
}

}  // namespace

void run_delegate(const char* name, const char* command, const Call& call, Delegated& delegated) {
  delegated.status = -1;
  delegated.output_size = 0;
  char path[longest_plugin];
  int to[2];
  int from[2];
  if (::strchr(name, '/') || !find_plugin(name, path)) return;
  if (::pipe2(to, O_CLOEXEC) != 0) return;
  if (::pipe2(from, O_CLOEXEC) != 0) {
    ::close(to[0]);
    ::close(to[1]);
    return;
  }
  ::signal(SIGPIPE, SIG_IGN);  // it need not read what it does not care for
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    become(path, command, to[0], from[1]);
  }
  ::close(to[0]);
  ::close(from[1]);
  if (child < 0) {
    ::close(to[1]);
    ::close(from[0]);
    return;
  }
  ::fcntl(to[1], F_SETFL, O_NONBLOCK);
  exchange_with(to[1], from[0], call, delegated);
  ::close(from[0]);  // one that has still more to say is not waited for
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  delegated.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace paddock::cni
