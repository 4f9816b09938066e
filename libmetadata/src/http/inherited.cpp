// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

namespace paddock::metadata {
namespace {

bool listens(int fd, int family) {
  int is_listening = 0;
  int domain = 0;
  socklen_t size = sizeof is_listening;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 &&
         is_listening != 0 && ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
         domain == family;
}

bool is_bound_to(int fd, const TcpEndpoint& endpoint) {
  if (!listens(fd, endpoint.address.is_v4() ? AF_INET : AF_INET6)) return false;
  const TcpEndpoint bound = http::bound_endpoint(fd);
  return bound.address == endpoint.address && bound.port == endpoint.port;
}

bool is_bound_to(int fd, const UnixEndpoint& endpoint) {
  if (!listens(fd, AF_UNIX)) return false;
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  const std::size_t room = size - offsetof(sockaddr_un, sun_path);
  const std::string path(address.sun_path, ::strnlen(address.sun_path, room));
  // Without its file nobody finds it.
  struct stat status {};
  return path == endpoint.path && ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

template <class Endpoint>
int take_from(std::vector<int>& descriptors, const Endpoint& endpoint) {
  const auto found =
      std::ranges::find_if(descriptors, [&](int fd) { return is_bound_to(fd, endpoint); });
  if (found == descriptors.end()) return -1;
  const int taken = *found;
  descriptors.erase(found);
  return taken;
}

}  // namespace

InheritedSockets::InheritedSockets(std::vector<int> descriptors)
    : descriptors_(std::move(descriptors)) {
  for (const int fd : descriptors_) {
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
}

InheritedSockets::~InheritedSockets() {
  for (const int fd : descriptors_) ::close(fd);
}

int InheritedSockets::take(const TcpEndpoint& endpoint) {
  return take_from(descriptors_, endpoint);
}

int InheritedSockets::take(const UnixEndpoint& endpoint) {
  return take_from(descriptors_, endpoint);
}

}  // namespace paddock::metadata
