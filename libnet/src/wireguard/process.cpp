// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "wireguard/control.hpp"
#include "wireguard/text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <vector>

namespace paddock::net::wireguard {
namespace {

constexpr const char* program = "wireguard-go";
constexpr int longest_start = 10'000;  // milliseconds
constexpr timeval longest_answer{2, 0};

class ProcessSocket {
 public:
  ProcessSocket() : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~ProcessSocket() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  ProcessSocket(const ProcessSocket&) = delete;
  ProcessSocket& operator=(const ProcessSocket&) = delete;

  bool connect(const std::string& path) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
      errno = ENAMETOOLONG;
      return false;
    }
    path.copy(address.sun_path, path.size());
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &longest_answer, sizeof longest_answer);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &longest_answer, sizeof longest_answer);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool send(std::string_view text) const {
    while (!text.empty()) {
      const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) {
        return false;
      }
      text.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Up to the empty line.
  bool receive(std::string& text) const {
    std::array<char, 16384> part{};
    while (!text.ends_with("\n\n")) {
      const auto got = ::recv(descriptor_, part.data(), part.size(), 0);
      if (got == 0 || (got < 0 && errno != EINTR)) {
        errno = got == 0 ? ECONNRESET : errno;
        return false;
      }
      text.append(part.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    }
    return true;
  }

 private:
  int descriptor_;
};

std::string socket_path(const std::string& name) { return "/var/run/wireguard/" + name + ".sock"; }

class ProcessControl final : public Control {
 public:
  explicit ProcessControl(std::string name) : name_(std::move(name)) {}

  Result<Configuration> read() override { return ask(std::string(question)); }
  Result<void> apply(const Change& change) override {
    const auto done = ask(format_change(change));
    return done ? Result<void>() : done.error();
  }

 private:
  Result<Configuration> ask(const std::string& request) {
    const ProcessSocket socket;
    std::string text;
    if (!socket.connect(socket_path(name_)) || !socket.send(request) || !socket.receive(text)) {
      return failure(errno, "speak to wireguard-go of " + name_);
    }
    return parse_answer(text);
  }

  const std::string name_;
};

// With the default signals, no files, and a session of its own: what ends us is not for it.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      posix_spawn_file_actions_addopen(&files_, descriptor, "/dev/null", O_RDWR, 0);
    }
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  int run(std::vector<std::string> words, pid_t& started) {
    std::vector<char*> arguments;
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    // Said once to a user, and meant for a kernel that has WireGuard.
    std::string consent = "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1";
    std::vector<char*> environment{consent.data()};
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
      environment.push_back(*variable);
    }
    environment.push_back(nullptr);
    return posix_spawnp(&started, program, &files_, &attributes_, arguments.data(),
                        environment.data());
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

// It has put itself in the background when the first process of it ends.
Result<void> wait_for(pid_t started, const std::string& name) {
  const int watched = static_cast<int>(::syscall(SYS_pidfd_open, started, 0));
  pollfd ended{watched, POLLIN, 0};
  if (watched >= 0 && ::poll(&ended, 1, longest_start) == 0) {
    ::kill(started, SIGKILL);
  }
  ::close(watched);
  int status = 0;
  while (::waitpid(started, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {};
  }
  return failure(EIO, "wireguard-go makes no device " + name +
                          "; it needs /dev/net/tun, CAP_NET_ADMIN and room in /run/wireguard, and "
                          "LOG_LEVEL=debug wireguard-go -f " +
                          name + " says which is missing");
}

}  // namespace

bool is_run_by_process(const std::string& name) {
  return ProcessSocket().connect(socket_path(name));
}

std::unique_ptr<Control> control_of_process(std::string name) {
  return std::make_unique<ProcessControl>(std::move(name));
}

Result<void> start_process(const NetworkNamespace& host, const std::string& name) {
  Result<void> outcome;
  const auto inside = host.run([&] {
    pid_t started = 0;
    if (const int code = Spawn().run({program, name}, started); code != 0) {
      Error error = failure(code, "start wireguard-go");
      error.text +=
          "; this kernel has no WireGuard, so the program is needed: install the package "
          "wireguard-go";
      outcome = error;
      return;
    }
    outcome = wait_for(started, name);
  });
  return inside ? outcome : inside;
}

}  // namespace paddock::net::wireguard
