// SPDX-License-Identifier: Apache-2.0
#include "netlink/socket.hpp"

#include "failure.hpp"
#include "netlink/values.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace paddock::net::netlink {
namespace {

constexpr std::size_t buffer_size = 64 << 10;  // the kernel fills at most 32 KiB of it
constexpr int receive_queue = 4 << 20;
constexpr int dump_attempts = 8;

void set_option(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

Error refusal(const std::string& what, const Acknowledgement& acknowledgement) {
  Error error = failure(acknowledgement.code, what);
  if (!acknowledgement.explanation.empty()) {
    error.text += " (" + acknowledgement.explanation + ")";
  }
  return error;
}

bool tolerated(const Batch::Operation& operation, int code) {
  return std::find(operation.tolerated.begin(), operation.tolerated.end(), code) !=
         operation.tolerated.end();
}

// Where a transaction of nftables begins or ends.
void append_mark(std::vector<std::uint8_t>& bytes, std::uint16_t type, std::uint32_t sequence) {
  struct {
    nlmsghdr header;
    nfgenmsg body;
  } mark{};
  mark.header = {sizeof mark, type, NLM_F_REQUEST, sequence, 0};
  mark.body = {AF_UNSPEC, NFNETLINK_V0, htons(NFNL_SUBSYS_NFTABLES)};
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&mark);
  bytes.insert(bytes.end(), octets, octets + sizeof mark);
}

}  // namespace

Result<Socket> Socket::open(const NetworkNamespace& where, int protocol,
                            const std::vector<int>& groups) {
  int descriptor = -1;
  int code = 0;
  const auto entered = where.run([&] {
    descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    code = errno;
  });
  if (!entered) {
    return entered.error();
  }
  if (descriptor < 0) {
    return failure(code, "open a netlink socket");
  }
  Socket opened(descriptor);
  const auto prepared = opened.prepare(groups);
  return prepared ? Result<Socket>(std::move(opened)) : prepared.error();
}

Result<void> Socket::prepare(const std::vector<int>& groups) {
  // Kernels that lack one of these still work: errors are less telling, dumps less selective.
  set_option(descriptor_, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  set_option(descriptor_, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  set_option(descriptor_, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
  set_option(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, receive_queue);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(errno, "bind a netlink socket");
  }
  for (const int group : groups) {
    if (const auto joined = join(group); !joined) {
      return joined;
    }
  }
  buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(buffer_size);
  return {};
}

Result<void> Socket::join(int group) {
  if (::setsockopt(descriptor_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
    return failure(errno, "subscribe to netlink group " + std::to_string(group));
  }
  return {};
}

Result<void> Socket::leave(int group) {
  if (::setsockopt(descriptor_, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group) != 0) {
    return failure(errno, "leave netlink group " + std::to_string(group));
  }
  return {};
}

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      sequence_(other.sequence_),
      buffer_(std::move(other.buffer_)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(sequence_, other.sequence_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

// The batch's bytes with the next sequence numbers.
std::vector<std::uint8_t> Socket::numbered(const Batch& batch, std::uint16_t flags_of_last) {
  std::vector<std::uint8_t> bytes = batch.bytes();
  for (const Batch::Operation& operation : batch.operations()) {
    nlmsghdr header{};
    std::memcpy(&header, bytes.data() + operation.offset, sizeof header);
    header.nlmsg_seq = ++sequence_;
    if (&operation == &batch.operations().back()) {
      header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags_of_last);
    }
    std::memcpy(bytes.data() + operation.offset, &header, sizeof header);
  }
  return bytes;
}

Result<void> Socket::send(const Batch& batch, std::uint16_t flags_of_last, std::uint32_t& first) {
  first = sequence_ + 1;
  return send_bytes(numbered(batch, flags_of_last), batch.operations().front().what);
}

Result<void> Socket::send_bytes(const std::vector<std::uint8_t>& bytes, const std::string& what) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = -1;
  do {
    sent = ::sendto(descriptor_, bytes.data(), bytes.size(), 0,
                    reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    return failure(errno, "send to netlink: " + what);
  }
  return {};
}

Result<Bytes> Socket::receive(int flags, const std::string& what) {
  ssize_t count = -1;
  do {
    count = ::recv(descriptor_, buffer_.get(), buffer_size, flags | MSG_TRUNC);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    return failure(errno, what);
  }
  if (static_cast<std::size_t>(count) > buffer_size) {
    return failure(EMSGSIZE, what);
  }
  return Bytes(buffer_.get(), static_cast<std::size_t>(count));
}

// Only the last request asks to be acknowledged; errors come for all, and before it, since the
// kernel works the requests off in order.
Result<void> Socket::execute(const Batch& batch, const Refused& refused) {
  if (batch.empty()) {
    return {};
  }
  std::uint32_t first = 0;
  if (const auto sent = send(batch, NLM_F_ACK, first); !sent) {
    return sent;
  }
  return acknowledgements(batch, first, refused);
}

Result<void> Socket::execute(const Batch& batch) {
  std::optional<Error> first;
  const auto heard =
      execute(batch, [&](std::size_t, const Error& error) { first = first ? first : error; });
  return first ? Result<void>(*first) : heard;
}

// The kernel answers for what lies between the two marks when it has committed, or refused, all of
// it. A first mark that is refused is answered at once, and nothing else is.
Result<void> Socket::commit(const Batch& batch) {
  if (batch.empty()) {
    return {};
  }
  std::vector<std::uint8_t> bytes;
  append_mark(bytes, NFNL_MSG_BATCH_BEGIN, ++sequence_);
  const std::uint32_t first = sequence_ + 1;
  const auto requests = numbered(batch, NLM_F_ACK);
  bytes.insert(bytes.end(), requests.begin(), requests.end());
  append_mark(bytes, NFNL_MSG_BATCH_END, ++sequence_);
  if (const auto sent = send_bytes(bytes, batch.operations().front().what); !sent) {
    return sent;
  }
  std::optional<Error> error;
  const auto heard = acknowledgements(
      batch, first, [&](std::size_t, const Error& refused) { error = error ? error : refused; });
  return error ? Result<void>(*error) : heard;
}

Result<void> Socket::acknowledgements(const Batch& batch, std::uint32_t first,
                                      const Refused& refused) {
  const std::uint32_t last = first + static_cast<std::uint32_t>(batch.operations().size()) - 1;
  for (bool done = false; !done;) {
    const auto received = receive(0, "hear from netlink: " + batch.operations().front().what);
    if (!received) {
      return received.error();
    }
    Bytes rest = *received;
    while (const auto message = next_message(rest)) {
      const auto acknowledgement = parse_acknowledgement(*message);
      const std::uint32_t which = message->sequence - first;
      if (acknowledgement && acknowledgement->code != 0 && message->sequence == first - 1) {
        return refusal(batch.operations().front().what, *acknowledgement);
      }
      if (!acknowledgement || which >= batch.operations().size()) {
        continue;  // left over from an earlier request that failed half way
      }
      const Batch::Operation& operation = batch.operations()[which];
      if (acknowledgement->code != 0 && !tolerated(operation, acknowledgement->code)) {
        refused(which, refusal(operation.what, *acknowledgement));
      }
      done = done || message->sequence == last;
    }
  }
  return {};
}

Result<void> Socket::dump(const Batch& request, const Begin& begin, const Take& take) {
  for (int attempt = 1;; ++attempt) {
    begin();
    const auto whole = dump_once(request, take);
    if (!whole) {
      return whole.error();
    }
    if (*whole) {
      return {};
    }
    if (attempt == dump_attempts) {
      return failure(EAGAIN, request.operations().front().what + ": kept changing");
    }
  }
}

// Gives the messages that answer that request to `see`, until it returns something.
template <class T, class See>
Result<T> Socket::answer_to(std::uint32_t sequence, const std::string& what, const See& see) {
  for (;;) {
    const auto received = receive(0, what);
    if (!received) {
      return received.error();
    }
    Bytes rest = *received;
    while (const auto message = next_message(rest)) {
      if (message->sequence != sequence) {
        continue;
      }
      if (std::optional<Result<T>> answer = see(*message)) {
        return *answer;
      }
    }
  }
}

Result<bool> Socket::dump_once(const Batch& request, const Take& take) {
  const std::string& what = request.operations().front().what;
  std::uint32_t sequence = 0;
  if (const auto sent = send(request, NLM_F_DUMP, sequence); !sent) {
    return sent.error();
  }
  bool undisturbed = true;
  return answer_to<bool>(
      sequence, what, [&](const Message& message) -> std::optional<Result<bool>> {
        undisturbed = undisturbed && (message.flags & NLM_F_DUMP_INTR) == 0;
        if (message.type == NLMSG_DONE) {
          const int code = read<int>(message.payload).value_or(0);
          return code < 0 ? Result<bool>(failure(-code, what)) : Result<bool>(undisturbed);
        }
        if (const auto acknowledgement = parse_acknowledgement(message)) {
          return refusal(what, *acknowledgement);
        }
        take(message);
        return {};
      });
}

Result<void> Socket::get(const Batch& request, const Take& take) {
  const std::string& what = request.operations().front().what;
  std::uint32_t sequence = 0;
  if (const auto sent = send(request, 0, sequence); !sent) {
    return sent.error();
  }
  return answer_to<void>(sequence, what,
                         [&](const Message& message) -> std::optional<Result<void>> {
                           if (const auto acknowledgement = parse_acknowledgement(message)) {
                             return refusal(what, *acknowledgement);
                           }
                           take(message);
                           return Result<void>();
                         });
}

Result<void> Socket::ignore_echo_of(const Socket& other) {
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  if (::getsockname(other.descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return failure(errno, "ask a netlink socket for its port");
  }
  // Loads turn numbers from network order round, so the port is compared turned round too.
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(nlmsghdr, nlmsg_pid)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(address.nl_pid), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  }};
  const sock_fprog filter{program.size(), program.data()};
  if (::setsockopt(descriptor_, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    return failure(errno, "filter netlink events");
  }
  return {};
}

Result<bool> Socket::drain(const Take& take) {
  bool complete = true;
  for (;;) {
    const auto received = receive(MSG_DONTWAIT, "read netlink events");
    if (!received) {
      const int code = received.error().code.value();
      if (code == EAGAIN || code == EWOULDBLOCK) {
        return complete;
      }
      if (code != ENOBUFS) {
        return received.error();
      }
      complete = false;
      continue;
    }
    Bytes rest = *received;
    while (const auto message = next_message(rest)) {
      take(*message);
    }
  }
}

}  // namespace paddock::net::netlink
