// SPDX-License-Identifier: Apache-2.0
//
// A network namespace held by descriptor. While one of these lives, the namespace lives: a path or
// a pid may be reused meanwhile, the descriptor still names what was opened.
#pragma once

#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace paddock::net {

// What the kernel calls this namespace until the next boot: device and inode of its nsfs file.
struct NamespaceIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend auto operator<=>(const NamespaceIdentity&, const NamespaceIdentity&) = default;
};

class PADDOCK_NET_EXPORT NetworkNamespace {
 public:
  // errc::no_such_file_or_directory: the path is missing; errc::invalid_argument: there is
  // something at the path, but not a network namespace (a file left where a mount was).
  static Result<NetworkNamespace> open(const std::string& path);
  // Takes the descriptor, and closes it also when it is of something else
  // (errc::invalid_argument). Errors call it `name`.
  static Result<NetworkNamespace> adopt(int descriptor, std::string_view name);
  // The calling thread's own. Throws std::system_error when /proc is not there.
  static NetworkNamespace current();

  NetworkNamespace(NetworkNamespace&& other) noexcept;
  NetworkNamespace& operator=(NetworkNamespace&& other) noexcept;
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;
  ~NetworkNamespace();

  // A second descriptor of the same namespace. Throws std::system_error when out of descriptors.
  NetworkNamespace duplicate() const;

  NamespaceIdentity identity() const { return identity_; }
  int descriptor() const { return descriptor_; }

  // Runs work with the calling thread inside this namespace, then brings the thread back, also
  // when work throws. Other threads are not affected. A thread that cannot come back aborts the
  // process: going on in the wrong namespace would be worse. Needs CAP_SYS_ADMIN.
  Result<void> run(const std::function<void()>& work) const;

  // Reads or writes a variable below /proc/sys/net inside this namespace, e.g. "ipv4/ip_forward".
  // write_sysctl leaves a variable alone that already has the value; the result tells if it wrote.
  Result<std::string> read_sysctl(std::string_view name) const;
  Result<bool> write_sysctl(std::string_view name, std::string_view value) const;

 private:
  NetworkNamespace(int descriptor, NamespaceIdentity identity)
      : descriptor_(descriptor), identity_(identity) {}

  int descriptor_ = -1;
  NamespaceIdentity identity_;
};

}  // namespace paddock::net
