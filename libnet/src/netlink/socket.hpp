// SPDX-License-Identifier: Apache-2.0
//
// One netlink socket. It belongs for ever to the namespace it was opened in, whichever thread uses
// it later. Requests are answered before sending them returns, so nothing here waits long.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/reader.hpp"

#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace paddock::net::netlink {

class Socket {
 public:
  // protocol: NETLINK_ROUTE, NETLINK_NETFILTER. groups: multicast groups to hear, by number.
  static Result<Socket> open(const NetworkNamespace& where, int protocol,
                             const std::vector<int>& groups = {});

  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  // Sends all requests and hears how each went. The kernel tries every one of them whatever
  // happens to the others; the error is that of the first it refused.
  Result<void> execute(const Batch& batch);
  // The same; every request that was refused is told by its place in the batch. The result is an
  // error only if the kernel could not be asked.
  using Refused = std::function<void(std::size_t which, const Error& error)>;
  Result<void> execute(const Batch& batch, const Refused& refused);

  // Sends requests about nftables, which take effect together or not at all. Nothing to do is
  // success.
  Result<void> commit(const Batch& batch);

  // Sends one request and hands over every message of the reply, starting anew (after calling
  // begin) when the kernel says that things changed meanwhile.
  using Begin = std::function<void()>;
  using Take = std::function<void(const Message&)>;
  Result<void> dump(const Batch& request, const Begin& begin, const Take& take);
  // The same for a request that has one message for an answer.
  Result<void> get(const Batch& request, const Take& take);

  // No longer hears events that the requests of that socket cause, where the kernel says whose they
  // are (it does not for forwarding entries).
  Result<void> ignore_echo_of(const Socket& other);

  // Multicast groups, by number: events of a group that was left are not heard, nor made up for.
  Result<void> join(int group);
  Result<void> leave(int group);

  // Takes every event that waits. Returns false when some were lost.
  Result<bool> drain(const Take& take);

  int descriptor() const { return descriptor_; }

 private:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Result<void> prepare(const std::vector<int>& groups);
  Result<void> send(const Batch& batch, std::uint16_t flags_of_last, std::uint32_t& first);
  Result<void> send_bytes(const std::vector<std::uint8_t>& bytes, const std::string& what);
  std::vector<std::uint8_t> numbered(const Batch& batch, std::uint16_t flags_of_last);
  Result<void> acknowledgements(const Batch& batch, std::uint32_t first, const Refused& refused);
  Result<Bytes> receive(int flags, const std::string& what);
  template <class T, class See>
  Result<T> answer_to(std::uint32_t sequence, const std::string& what, const See& see);
  Result<bool> dump_once(const Batch& request, const Take& take);

  int descriptor_ = -1;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<std::uint8_t[]> buffer_;  // as large as the kernel may need, touched as it does
};

}  // namespace paddock::net::netlink
