// SPDX-License-Identifier: Apache-2.0
//
// A small HTTP/1.1 server: one epoll loop on one thread, on any mix of TCP addresses (bare or with
// TLS) and unix sockets (RFC 9110, RFC 9112). The handler is a plain function that runs on the
// loop's thread and must not block. It answers at once, or later (LongPoll), or piece by piece
// (ChunkSource). Nothing is kept for a slow reader beyond the piece that is being written to it.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/export.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/container/small_vector.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata {

// Who is at the other end: an address and a port, or the credentials of the process that
// connected to a unix socket.
struct Peer {
  bool is_local = false;
  boost::asio::ip::address address;
  std::uint16_t port = 0;
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string command = {};  // what the process was called when it connected; empty: not known
  // Over TLS: the common name of its verified certificate, else what that is for, as a host or a
  // URI; "-": it has shown none.
  std::string certificate = {};
};

// Names a connection to HttpServer::wake. Never used again for another one.
using ConnectionId = std::uint64_t;

// A path cut at each slash, every segment form-decoded ("+" and "%20" are a space). One slash at
// the end makes no segment; "//" inside the path makes an empty one. Borrows from the path.
class PADDOCK_METADATA_EXPORT PathSegments {
 public:
  explicit PathSegments(std::string_view path);
  PathSegments(const PathSegments&) = delete;
  PathSegments& operator=(const PathSegments&) = delete;
  [[nodiscard]] std::span<const std::string_view> all() const noexcept {
    return {segments_.data(), segments_.size()};
  }
  [[nodiscard]] std::string_view operator[](std::size_t place) const { return segments_[place]; }
  [[nodiscard]] std::size_t size() const noexcept { return segments_.size(); }
  [[nodiscard]] bool empty() const noexcept { return segments_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return segments_.begin(); }
  [[nodiscard]] auto end() const noexcept { return segments_.end(); }

 private:
  std::string decoded_;
  boost::container::small_vector<std::string_view, 8> segments_;
};

// One request. Everything in it is borrowed and valid only during the call of the handler.
struct Request {
  struct Header {
    std::string_view name;
    std::string_view value;
  };

  std::string_view method;  // as sent; methods are case-sensitive
  // As sent, without scheme, authority and query; begins with '/' or is "*". Its escapes are right.
  std::string_view path;
  std::string_view query;  // as sent, without the '?'
  std::span<const Header> headers;
  std::string_view body;
  const Peer* peer = nullptr;
  ConnectionId connection = 0;

  [[nodiscard]] bool is_head() const { return method == "HEAD"; }
  // Of the path; cut anew by each call.
  [[nodiscard]] PathSegments segments() const { return PathSegments(path); }
  // The first header of that name in any case; absent: nothing.
  [[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<std::string_view> header(
      std::string_view name) const;
  // The first query parameter of that name, form-decoded; "" when it has no value.
  [[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<std::string> parameter(
      std::string_view name) const;
};

struct Response;

// An answer that comes later. Lives as long as the connection waits; destroyed on the loop's
// thread, answered or not, so its destructor is the place to forget the waiter.
class LongPoll {
 public:
  virtual ~LongPoll() = default;
  // Asked at each HttpServer::wake of the connection, and with `expired` when Response::wait_until
  // has come or the server stops. Nothing means "not yet"; it is not taken from an expired one,
  // which is answered 503 then.
  [[nodiscard]] virtual std::optional<Response> poll(bool expired) = 0;
  // Whether what is waited for has been set going and comes by itself, so that a server that stops
  // waits for it as for an answer under way. Others are expired at once then.
  [[nodiscard]] virtual bool is_under_way() const { return false; }
};

// A body made as fast as its reader reads.
class ChunkSource {
 public:
  struct Chunk {
    enum class State { data, waiting, end };
    State state = State::end;
    std::shared_ptr<const std::string> data;               // shared freely between readers
    std::chrono::steady_clock::time_point ask_again = {};  // waiting: at the latest
  };
  virtual ~ChunkSource() = default;
  // Asked when all before it is written; after `waiting` at the next wake or at ask_again. An
  // exception cuts the connection, so that the reader knows the body is not whole.
  [[nodiscard]] virtual Chunk next() = 0;
};

// What is answered again and again: its header and its body, written once and shared. Immutable.
class PADDOCK_METADATA_EXPORT ReadyAnswer {
 public:
  // A body of no more is copied as soon as it is answered.
  static constexpr std::size_t copied_bytes = 4096;

  // `headers` as of Response. An empty content type: no Content-Type.
  ReadyAnswer(std::string_view content_type, std::string_view headers, std::string body);
  // All lines that are its own, Content-Type and Content-Length among them.
  [[nodiscard]] std::string_view lines() const noexcept {
    return std::string_view(text_).substr(0, lines_bytes_);
  }
  [[nodiscard]] bool is_copied() const noexcept { return long_body_.empty(); }
  [[nodiscard]] std::string_view body() const noexcept {
    return is_copied() ? std::string_view(text_).substr(lines_bytes_ + 2) : long_body_;
  }
  // Of one that is copied: its lines, the empty line and its body.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  // Of another: its body, to be shared.
  [[nodiscard]] const std::string& long_body() const noexcept { return long_body_; }

 private:
  std::string text_;
  std::size_t lines_bytes_ = 0;
  std::string long_body_;
};

struct Response {
  int status = 200;
  std::string_view content_type = {};  // a literal; empty: no Content-Type
  std::string headers = {};            // further lines, each "Name: value\r\n"
  std::string body = {};
  // Instead of the three: used again, or large. Of a status that has a body. One that is copied
  // need have no owner, if it is there until the handler or LongPoll is asked again.
  std::shared_ptr<const ReadyAnswer> ready = {};
  bool close = false;  // end the connection after this answer
  int hop_limit = 0;   // of the packets of this answer, which is then the last; 0: the usual one

  // Instead of a body: the answer comes later. Everything else above is not looked at.
  std::unique_ptr<LongPoll> wait = {};
  std::chrono::steady_clock::time_point wait_until = {};

  // Instead of a body: sent in chunks (HTTP/1.0: until the connection closes).
  std::unique_ptr<ChunkSource> stream = {};
};

struct TcpEndpoint {
  boost::asio::ip::address address;
  std::uint16_t port = 0;  // 0: any free one, see HttpServer::tcp_endpoints
};

struct UnixEndpoint {
  std::string path;
  std::uint32_t mode = 0660;
  std::optional<std::uint32_t> group;  // gid; absent: the process's
  // Also where somebody serves: he keeps who is connected, and new connections come here.
  bool takes_over = false;
};

// Listening sockets that a process before this one bound, with the clients that wait in them. Not
// for several threads at once.
class PADDOCK_METADATA_EXPORT InheritedSockets {
 public:
  // Owns them; those that nobody has taken are closed with this.
  explicit InheritedSockets(std::vector<int> descriptors);
  ~InheritedSockets();
  InheritedSockets(const InheritedSockets&) = delete;
  InheritedSockets& operator=(const InheritedSockets&) = delete;

  // The next one that is bound there, which the caller owns then; -1: there is none left.
  [[nodiscard]] int take(const TcpEndpoint& endpoint);
  [[nodiscard]] int take(const UnixEndpoint& endpoint);

 private:
  std::vector<int> descriptors_;
};

struct HttpOptions {
  std::vector<TcpEndpoint> tcp;
  std::vector<UnixEndpoint> unix_sockets;
  ServerTls tls;            // of all TCP addresses; files that changed are taken over by themselves
  bool reuse_port = false;  // several servers, each with its own thread, on one address
  // Of these the constructor takes what is bound to its addresses, instead of binding; null: none.
  InheritedSockets* inherited = nullptr;
  // Somebody has copies of sockets() for the process after this one: stop() leaves those clients to
  // it that have not been accepted yet, and the files of unix sockets.
  bool hands_sockets_on = false;
  // In all. A newcomer to a full server takes the place of a client that has more connections
  // than he, else of an idle one; else he is answered 503.
  std::size_t max_connections = 16384;
  std::size_t max_connections_per_client = 0;  // of one address, or user: more: 429; 0: no limit
  // Bytes kept for unfinished requests and for answers that are not taken, in all. Beyond, those
  // clients lose connections for which most is kept.
  std::size_t memory_limit = 64 * 1024 * 1024;
  std::size_t body_limit = 64 * 1024;               // more: 413
  std::chrono::milliseconds header_timeout{10000};  // first byte to whole request
  std::chrono::milliseconds idle_timeout{75000};    // between two requests
  std::chrono::milliseconds write_timeout{30000};   // without the peer taking one byte
  // A handler threw; the request was answered 500. Called on the loop's thread.
  std::function<void(std::string_view path, std::string_view what)> on_handler_failed;
  // A changed certificate, key or CA file cannot be used; the old ones go on. On the loop's thread.
  std::function<void(std::string_view why)> on_certificate_refused;
};

// Numbers since the start; each is exact, together they are of about one moment.
struct HttpCounters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // too many
  std::uint64_t connections_shed = 0;     // ended to make room
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  // answered by the server itself: not HTTP, too large, too slow
  std::uint64_t timeouts = 0;
  std::uint64_t waiting = 0;  // long polls now
  std::uint64_t streams = 0;  // now
};

class PADDOCK_METADATA_EXPORT HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;

  // Binds and listens; answers from start() on. TCP addresses need not exist yet (IP_FREEBIND). A
  // unix socket left by a dead process is replaced. Throws std::runtime_error with a sentence when
  // an address or socket is taken, the path is no socket, the right to bind is missing, or a file
  // of HttpOptions::tls cannot be used.
  HttpServer(HttpOptions options, Handler handler);
  // stop() with one second of grace.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Begins answering, on a thread of its own. Once.
  void start();
  // Refuses new connections, expires long polls, ends streams, lets what is under way be answered
  // for at most `grace`, then closes everything. Any thread but the loop's; again without harm.
  void stop(std::chrono::milliseconds grace);

  // Runs `work` soon on the loop's thread. Any thread. After stop() it is dropped.
  void post(std::function<void()> work);
  // Asks the connection's LongPoll or ChunkSource again; nothing when it has none by now. Only on
  // the loop's thread (from the handler or from posted work). Asked after the current work is
  // done, once however often it was woken.
  void wake(ConnectionId connection);

  // In the order of HttpOptions::tcp, with the real ports.
  [[nodiscard]] std::vector<TcpEndpoint> tcp_endpoints() const;
  // Those it listens on, which stay its own; before start() only.
  [[nodiscard]] std::vector<int> sockets() const;
  [[nodiscard]] HttpCounters counters() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace paddock::metadata
