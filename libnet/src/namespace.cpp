// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"

#include <paddock/net/namespace.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace paddock::net {
namespace {

constexpr const char* own_path = "/proc/thread-self/ns/net";

// The descriptor of a file below /proc/sys/net, or -1 with errno. The path resolves in the
// namespace of the calling thread.
int open_sysctl(std::string_view name, int flags) {
  return ::open(("/proc/sys/net/" + std::string(name)).c_str(), flags | O_CLOEXEC);
}

std::string read_all(int descriptor) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  std::string text(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

// The namespace of the calling thread, or -1 with errno: that of a socket made in it. Of a process
// that has done nothing for a while, this takes half as long as the path.
int open_own() {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int own = socket < 0 ? -1 : ::ioctl(socket, SIOCGSKNS);
  if (socket >= 0) ::close(socket);
  return own >= 0 ? own : ::open(own_path, O_RDONLY | O_CLOEXEC);
}

// Brings the thread back when the scope ends.
class Excursion {
 public:
  explicit Excursion(int own) : own_(own) {}
  Excursion(const Excursion&) = delete;
  Excursion& operator=(const Excursion&) = delete;
  ~Excursion() {
    if (::setns(own_, CLONE_NEWNET) != 0) {
      std::abort();  // every later call of this thread would act on the wrong namespace
    }
    ::close(own_);
  }

 private:
  int own_;
};

}  // namespace

Result<NetworkNamespace> NetworkNamespace::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return failure(errno, "open network namespace " + path);
  }
  return adopt(descriptor, path);
}

Result<NetworkNamespace> NetworkNamespace::adopt(int descriptor, std::string_view name) {
  NetworkNamespace adopted(descriptor, {});
  struct statfs filesystem {};
  struct stat file {};
  if (::fstatfs(descriptor, &filesystem) != 0 || ::fstat(descriptor, &file) != 0) {
    return failure(errno, "examine network namespace " + std::string(name));
  }
  if (filesystem.f_type != NSFS_MAGIC || ::ioctl(descriptor, NS_GET_NSTYPE) != CLONE_NEWNET) {
    return failure(EINVAL, std::string(name) + " is not a network namespace");
  }
  adopted.identity_ = {file.st_dev, file.st_ino};
  return adopted;
}

NetworkNamespace NetworkNamespace::current() { return open(own_path).value(); }

NetworkNamespace::NetworkNamespace(NetworkNamespace&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), identity_(other.identity_) {}

NetworkNamespace& NetworkNamespace::operator=(NetworkNamespace&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(identity_, other.identity_);
  return *this;
}

NetworkNamespace::~NetworkNamespace() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

NetworkNamespace NetworkNamespace::duplicate() const {
  const int copy = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    throw std::system_error(errno, std::generic_category(), "duplicate a namespace descriptor");
  }
  return {copy, identity_};
}

Result<void> NetworkNamespace::run(const std::function<void()>& work) const {
  const int own = open_own();
  if (own < 0) {
    return failure(errno, std::string("open ") + own_path);
  }
  if (::setns(descriptor_, CLONE_NEWNET) != 0) {
    const int code = errno;
    ::close(own);
    return failure(code, "enter a network namespace");
  }
  const Excursion back(own);
  work();
  return {};
}

Result<std::string> NetworkNamespace::read_sysctl(std::string_view name) const {
  Result<std::string> outcome = std::string();
  const auto entered = run([&] {
    const int descriptor = open_sysctl(name, O_RDONLY);
    if (descriptor < 0) {
      outcome = failure(errno, "read sysctl net/" + std::string(name));
      return;
    }
    outcome = read_all(descriptor);
    ::close(descriptor);
  });
  if (!entered) {
    return entered.error();
  }
  return outcome;
}

Result<bool> NetworkNamespace::write_sysctl(std::string_view name, std::string_view value) const {
  Result<bool> outcome = false;
  const auto entered = run([&] {
    const std::string what = "set sysctl net/" + std::string(name) + " = " + std::string(value);
    int descriptor = open_sysctl(name, O_RDONLY);
    if (descriptor >= 0) {
      const bool already = read_all(descriptor) == value;
      ::close(descriptor);
      if (already) {
        return;
      }
    }
    descriptor = open_sysctl(name, O_WRONLY);
    if (descriptor < 0) {
      outcome = failure(errno, what);
      return;
    }
    const ssize_t written = ::write(descriptor, value.data(), value.size());
    if (written == static_cast<ssize_t>(value.size())) {
      outcome = true;
    } else {
      outcome = failure(errno, what);
    }
    ::close(descriptor);
  });
  if (!entered) {
    return entered.error();
  }
  return outcome;
}

}  // namespace paddock::net
