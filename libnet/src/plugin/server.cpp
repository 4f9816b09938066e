// SPDX-License-Identifier: Apache-2.0
//
// Each thread accepts, answers and accepts again: the kernel's queue of connections is the only
// queue there is, and it wakes one thread per connection.
#include "plugin/frame.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace paddock::net {
namespace {

constexpr int queue_length = 1024;
constexpr timeval peer_patience{5, 0};  // a plugin writes its request at once

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_un to_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    throw std::runtime_error("the socket path " + path.string() + " is longer than 107 bytes");
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

bool listens_at(int socket, const sockaddr_un& address) {
  sockaddr_un bound{};
  socklen_t size = sizeof bound;
  int is_listening = 0;
  socklen_t flag = sizeof is_listening;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) == 0 &&
         bound.sun_family == AF_UNIX &&
         std::strncmp(bound.sun_path, address.sun_path, sizeof bound.sun_path) == 0 &&
         ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &flag) == 0 &&
         is_listening != 0 && ::access(address.sun_path, F_OK) == 0;  // else nobody finds it
}

// The one of them that listens there, or none.
Descriptor take_inherited(const std::vector<int>& sockets, const std::filesystem::path& path) {
  Descriptor found(-1);
  const auto address = to_address(path);
  for (const int socket : sockets) {
    Descriptor one(socket);
    if (found.number() >= 0 || !listens_at(socket, address)) continue;
    (void)::fcntl(socket, F_SETFD, FD_CLOEXEC);
    found = std::move(one);
  }
  return found;
}

Descriptor listen_at(const std::filesystem::path& path) {
  const auto address = to_address(path);
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (probe.number() < 0) fail("create a socket");
  if (::connect(probe.number(), generic(address), sizeof address) == 0)
    throw std::runtime_error(path.string() + " is already served: another paddock-netd is running");
  std::filesystem::create_directories(path.parent_path());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove the old " + path.string());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.number() < 0) fail("create a socket");
  if (::bind(socket.number(), generic(address), sizeof address) != 0) fail("bind " + path.string());
  if (::chmod(path.c_str(), 0600) != 0) fail("set the mode of " + path.string());
  if (::listen(socket.number(), queue_length) != 0) fail("listen at " + path.string());
  return socket;
}

// A descriptor that came along with the bytes, or -1.
int descriptor_of(msghdr& message) {
  int found = -1;
  for (auto* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS && found < 0)
      std::memcpy(&found, CMSG_DATA(part), sizeof found);
  }
  return found;
}

// Reads size bytes, and the descriptor with the first of them. How many there were until the peer
// went away, or took too long.
std::size_t read_up_to(int socket, char* bytes, std::size_t size, int* descriptor) {
  std::size_t there = 0;
  while (there < size) {
    iovec part{bytes + there, size - there};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
    }
    const auto got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (descriptor && *descriptor < 0) *descriptor = descriptor_of(message);
    there += static_cast<std::size_t>(got);
  }
  return there;
}

void write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the plugin is gone: its runtime will ask again, or DEL
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Empty when the peer may ask.
std::string objection(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "peer unknown";
  if (peer.uid == 0 || peer.uid == ::geteuid()) return {};
  return "a call of uid " + std::to_string(peer.uid) + " was refused: only root may attach pods";
}

}  // namespace

class PluginServer::State {
 public:
  explicit State(PluginServerOptions wanted)
      : options(std::move(wanted)),
        socket_(take_inherited(options.inherited, options.socket)),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    if (stop_.number() < 0) fail("create an eventfd");
    if (socket_.number() < 0) socket_ = listen_at(options.socket);
    // What a client takes back while a thread is woken must not keep it.
    (void)::fcntl(socket_.number(), F_SETFL, O_NONBLOCK);
    waits_ = wait_set();
  }

  ~State() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.number(), &one, sizeof one);
    if (!options.hands_socket_on) ::unlink(options.socket.c_str());
    for (auto& thread : threads_) thread.join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void start() {
    for (unsigned i = 0; i < options.threads; ++i) threads_.emplace_back([this] { serve(); });
  }
  [[nodiscard]] int descriptor() const { return socket_.number(); }

 private:
  [[nodiscard]] Descriptor wait_set() const {
    Descriptor set(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event end{.events = EPOLLIN, .data = {.fd = stop_.number()}};
    auto call = one_call();
    if (set.number() < 0 ||
        ::epoll_ctl(set.number(), EPOLL_CTL_ADD, socket_.number(), &call) != 0 ||
        ::epoll_ctl(set.number(), EPOLL_CTL_ADD, stop_.number(), &end) != 0) {
      fail("wait for plugins");
    }
    return set;
  }
  // Wakes one thread, and nobody else until it is asked for again.
  [[nodiscard]] epoll_event one_call() const {
    return {.events = EPOLLIN | EPOLLONESHOT, .data = {.fd = socket_.number()}};
  }

  // Waits for a call; false at the end.
  [[nodiscard]] bool is_called() const {
    epoll_event event{};
    int count = 0;
    do {
      count = ::epoll_wait(waits_.number(), &event, 1, -1);
    } while (count < 0 && errno == EINTR);
    return count > 0 && event.data.fd == socket_.number();
  }

  void serve() {
    while (is_called()) {
      const Descriptor call(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
      // Out of descriptors or memory: others will give some back.
      if (call.number() < 0 && errno != EINTR && errno != EAGAIN)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      auto next = one_call();
      ::epoll_ctl(waits_.number(), EPOLL_CTL_MOD, socket_.number(), &next);
      if (call.number() < 0) continue;
      const auto refusal = answer_call(call.number());
      if (!refusal.empty() && options.refused) options.refused(refusal);
    }
  }

  // Empty, or why the call was none.
  std::string answer_call(int socket) {
    if (auto refusal = objection(socket); !refusal.empty()) return refusal;
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &peer_patience, sizeof peer_patience);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &peer_patience, sizeof peer_patience);
    std::array<char, frame_header_size> header{};
    int received = -1;
    const auto size = read_up_to(socket, header.data(), header.size(), &received);
    Descriptor pod(received);
    if (size == 0) return {};  // it connects before it knows what to ask, and may know better
    const auto lengths = parse_frame_header({header.data(), header.size()});
    if (size < header.size() || !lengths) return "a call did not begin as a plugin's does";
    std::string body(lengths->environment + std::size_t{lengths->input}, '\0');
    if (read_up_to(socket, body.data(), body.size(), nullptr) < body.size())
      return "a call broke off";
    auto call = parse_frame_body(body, *lengths);
    if (pod.number() >= 0) {
      auto adopted = NetworkNamespace::adopt(pod.release(), "of CNI_NETNS");
      if (adopted) call.pod = std::move(*adopted);
    }
    const auto answer = options.answer(call);
    write_all(socket, format_answer(answer));
    if (answer.rest) answer.rest();
    return {};
  }

  PluginServerOptions options;
  Descriptor socket_;
  Descriptor stop_;       // an eventfd
  Descriptor waits_{-1};  // an epoll of the two
  std::vector<std::thread> threads_;
};

PluginServer::PluginServer(PluginServerOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

PluginServer::~PluginServer() = default;

void PluginServer::start() { state_->start(); }

int PluginServer::descriptor() const { return state_->descriptor(); }

}  // namespace paddock::net
