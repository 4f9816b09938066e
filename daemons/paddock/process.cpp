// SPDX-License-Identifier: Apache-2.0
#include "paddock/process.hpp"

#include "paddock/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

extern char** environ;  // NOLINT: POSIX names it so

namespace paddock::cli {
namespace {

namespace fs = std::filesystem;

// When the process was started, in ticks since boot (proc(5), field 22): with the pid it names one
// process.
std::string start_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream rest(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string field;
  for (int number = 3; number <= 22; ++number) rest >> field;
  return rest ? field : "";
}

fs::path pid_file(const fs::path& folder, std::string_view daemon) {
  return folder / (std::string(daemon) + ".pid");
}

// Everything posix_spawn wants, freed in any case.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &pipe);
    ::posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSID) |
                                                 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  void output_to(int descriptor) {
    ::posix_spawn_file_actions_adddup2(&actions_, descriptor, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, descriptor, STDERR_FILENO);
  }

  pid_t run(const fs::path& program, const std::vector<std::string>& arguments) const {
    std::vector<std::string> texts{program.filename().string()};
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv.data(), environ);
    if (error != 0) {
      throw Failure(exit_not_so, "cannot start " + program.string() + ": " + std::strerror(error));
    }
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

std::optional<Process> Process::find(pid_t pid) {
  auto process = hold(pid);
  if (process && process->wait_for_end(std::chrono::milliseconds{0})) return std::nullopt;
  return process;
}

std::optional<Process> Process::hold(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) return std::nullopt;
  return Process(pid, descriptor);
}

std::optional<Process> Process::recorded(const fs::path& folder, std::string_view daemon) {
  std::ifstream file(pid_file(folder, daemon));
  pid_t pid = 0;
  std::string started;
  if (!(file >> pid >> started)) return std::nullopt;
  auto process = find(pid);
  if (!process || start_time(pid) != started) return std::nullopt;
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(other.pid_), descriptor_(std::exchange(other.descriptor_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Process::~Process() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

fs::path Process::executable() const {
  std::error_code error;
  auto path = fs::read_symlink("/proc/" + std::to_string(pid_) + "/exe", error).string();
  constexpr std::string_view gone = " (deleted)";
  if (path.ends_with(gone)) path.resize(path.size() - gone.size());
  return path;
}

void Process::record(const fs::path& folder, std::string_view daemon) const {
  std::ofstream file(pid_file(folder, daemon));
  if (!(file << pid_ << " " << start_time(pid_) << "\n" << std::flush)) {
    throw Failure(exit_not_so, "cannot write " + pid_file(folder, daemon).string());
  }
}

void Process::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, descriptor_, number, nullptr, 0) == 0 || errno == ESRCH)
    return;
  throw Failure(exit_not_so,
                "cannot signal process " + std::to_string(pid_) + ": " + std::strerror(errno),
                "run it as root");
}

bool Process::wait_for_end(std::chrono::milliseconds at_most) const {
  pollfd watched{descriptor_, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(at_most.count())) <= 0) return false;
  ::waitpid(pid_, nullptr, WNOHANG);  // ECHILD when it is not ours
  return true;
}

fs::path find_binary(std::string_view daemon) {
  const auto name = "paddock-" + std::string(daemon);
  std::error_code error;
  const auto here = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places{here, here / "../sbin"};
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) places.emplace_back(folder);
  places.emplace_back("/usr/local/sbin");
  places.emplace_back("/usr/sbin");
  for (const auto& place : places) {
    const auto candidate = (place / name).lexically_normal();
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw Failure(exit_not_so, name + " is not installed: not beside " + here.string() +
                                 "/paddock, not in "
                                 "../sbin, not in $PATH");
}

Process start(const fs::path& program, const std::vector<std::string>& arguments,
              const fs::path& log) {
  Spawn spawn;
  int output = -1;
  if (!log.empty()) {
    output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (output < 0) {
      throw Failure(exit_not_so, "cannot write " + log.string() + ": " + std::strerror(errno),
                    "--log-dir names another folder");
    }
    spawn.output_to(output);
  }
  const auto pid = spawn.run(program, arguments);
  if (output >= 0) ::close(output);
  auto process = Process::hold(pid);  // a child that has not been waited for can always be held
  if (!process)
    throw Failure(exit_not_so,
                  "cannot hold process " + std::to_string(pid) + ": too many open files");
  return std::move(*process);
}

int run_to_end(const fs::path& program, const std::vector<std::string>& arguments,
               std::string& output) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw Failure(exit_not_so, "no pipe: too many open files");
  Spawn spawn;
  spawn.output_to(pipe[1]);
  const auto pid = spawn.run(program, arguments);
  ::close(pipe[1]);
  std::array<char, 4096> piece{};
  for (ssize_t size = 0; (size = ::read(pipe[0], piece.data(), piece.size())) > 0;) {
    output.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace paddock::cli
