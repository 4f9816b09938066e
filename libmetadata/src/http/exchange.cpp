// SPDX-License-Identifier: Apache-2.0
#include "http/loop.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <exception>
#include <utility>

namespace paddock::metadata {
namespace {

using http::Outbox;
using http::ParseResult;
using Phase = http::Connection::Phase;

constexpr std::size_t outbox_limit = 256 * 1024;  // of answers to pipelined requests
constexpr std::size_t stream_batch = 64 * 1024;   // of a stream, written at once; then others
                                                  // have their turn
constexpr int stream_chunks_a_turn = 1024;
constexpr std::chrono::seconds drain_time{2};

void append_chunk(Outbox& outbox, std::shared_ptr<const std::string> data) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, data->size(), 16).ptr;
  outbox.text().append(digits, end).append("\r\n");
  outbox.add(std::move(data));
  outbox.text().append("\r\n");
}

// Whichever of the two the socket has; a unix socket has neither.
void limit_hops(int fd, int hops) {
  (void)::setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
  (void)::setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops);
}

}  // namespace

// What TLS has deciphered must all be taken, for the socket does not become readable by it.
ssize_t HttpServer::Loop::receive(Connection& connection) {
  if (!connection.tls) return ::recv(connection.socket.get(), buffer_.get(), http::buffer_bytes, 0);
  std::size_t taken = 0;
  ssize_t size = 1;
  while (size > 0 && http::buffer_bytes - taken >= tls::record_bytes) {
    size = connection.tls->read(buffer_.get() + taken, http::buffer_bytes - taken);
    if (size > 0) taken += static_cast<std::size_t>(size);
  }
  if (taken == 0) return size;
  if (connection.peer.certificate.empty()) {
    connection.peer.certificate = connection.tls->peer_name();
    if (connection.peer.certificate.empty()) connection.peer.certificate = "-";
  }
  return static_cast<ssize_t>(taken);
}

void HttpServer::Loop::read(Connection& connection) {
  const ssize_t size = receive(connection);
  if (size <= 0) {
    if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
      close(connection);
    } else if (connection.tls) {
      watch(connection, connection.tls->wants_write() ? EPOLLOUT : EPOLLIN);
    }
    return;
  }
  const std::string_view bytes(buffer_.get(), static_cast<std::size_t>(size));
  if (connection.input.empty()) {
    serve_input(connection, bytes);
  } else {
    connection.input += bytes;
    serve_input(connection, connection.input);
  }
}

void HttpServer::Loop::read_to_drop(Connection& connection) {
  const ssize_t size = receive(connection);
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) close(connection);
}

// Answers the requests that are whole and keeps the rest. `bytes` are the connection's input or
// lie in the loop's buffer.
void HttpServer::Loop::serve_input(Connection& connection, std::string_view bytes) {
  const ConnectionId id = connection.id;
  const bool is_kept = bytes.data() == connection.input.data();
  std::size_t used = 0;
  head_.text = {};  // it stood in what was read before
  while (used < bytes.size() && connection.phase == Phase::reading && connection.keep_alive) {
    const std::size_t size = serve_one(connection, bytes.substr(used));
    if (size == 0) break;
    used += size;
    connection.examined = 0;
    if (outbox_.size() > outbox_limit) {
      const bool is_written = flush(connection);
      if (find(id) == nullptr) return;
      if (!is_written) break;
    }
  }
  if (!connection.keep_alive && connection.phase == Phase::reading) {
    connection.lingers |= used < bytes.size();
    used = bytes.size();
  }
  if (!is_kept) {
    connection.input.assign(bytes.substr(used));
  } else if (used == bytes.size()) {
    connection.input = {};
  } else {
    connection.input.erase(0, used);
  }
  if (!connection.input.empty() || connection.held > 0) account(connection);
  if (!connection.pending) settle(connection);
}

// Serves the request at the begin of `bytes` and returns its size; 0 when it is not whole yet or
// was refused. head_ is of the request before it, if that stands before it in what was read.
std::size_t HttpServer::Loop::serve_one(Connection& connection, std::string_view bytes) {
  if (connection.partial) return read_body(connection, bytes);
  // A head that trickles in is parsed once a line, not once a byte.
  const std::size_t examined = std::exchange(connection.examined, bytes.size());
  if (examined > 0 && bytes.size() < http::request_line_limit &&
      bytes.find('\n', examined) == std::string_view::npos) {
    return 0;
  }
  const ParseResult result = http::parse_next_head(bytes, head_);
  if (result.state == ParseResult::State::incomplete) return 0;
  if (result.state == ParseResult::State::failed) {
    refuse(connection, result.status, result.why);
    return 0;
  }
  if (head_.is_chunked || head_.content_length > 0) return begin_body(connection, bytes);
  call_handler(connection, {});
  return head_.text.size();
}

std::size_t HttpServer::Loop::begin_body(Connection& connection, std::string_view bytes) {
  if (head_.content_length > options_.body_limit) {
    refuse(connection, 413, "the body is too large");
    return 0;
  }
  const std::size_t needed = head_.text.size() + static_cast<std::size_t>(head_.content_length);
  if (!head_.is_chunked && bytes.size() >= needed) {
    call_handler(connection, bytes.substr(head_.text.size(), needed - head_.text.size()));
    return needed;
  }
  if (head_.expects_continue && bytes.size() == head_.text.size()) {
    outbox_.text() += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  connection.partial = std::make_unique<Connection::PartialBody>();
  connection.partial->is_chunked = head_.is_chunked;
  connection.partial->head_size = head_.text.size();
  connection.partial->taken = head_.is_chunked ? head_.text.size() : needed;
  return head_.is_chunked ? read_body(connection, bytes) : 0;
}

// `bytes` begin with the head again: it is parsed a second time when the body is whole, since
// what it pointed into may have moved.
std::size_t HttpServer::Loop::read_body(Connection& connection, std::string_view bytes) {
  Connection::PartialBody& partial = *connection.partial;
  if (partial.is_chunked) {
    std::size_t used = 0;
    const ParseResult result = partial.decoder.feed(bytes.substr(partial.taken),
                                                    options_.body_limit, partial.decoded, used);
    partial.taken += used;
    if (result.state == ParseResult::State::failed) {
      refuse(connection, result.status, result.why);
      return 0;
    }
    if (result.state == ParseResult::State::incomplete) {
      // Tiny chunks would cost several times the limit.
      if (partial.taken > 2 * options_.body_limit + http::buffer_bytes) {
        refuse(connection, 413, "the chunks are too small for a body of this size");
      }
      return 0;
    }
  } else if (bytes.size() < partial.taken) {
    return 0;
  }
  const auto whole = std::move(connection.partial);
  (void)http::parse_head(bytes, head_);
  call_handler(connection, whole->is_chunked
                               ? std::string_view(whole->decoded)
                               : bytes.substr(whole->head_size, whole->taken - whole->head_size));
  return whole->taken;
}

void HttpServer::Loop::call_handler(Connection& connection, std::string_view body) {
  connection.is_head = head_.method == "HEAD";
  connection.is_http_1_0 = head_.is_http_1_0;
  connection.is_mid_request = false;
  connection.keep_alive = head_.keep_alive;
  connection.has_asked = true;
  http::add(counters_.requests, 1);
  Request request;
  request.method = head_.method;
  request.path = head_.path;
  request.query = head_.query;
  request.headers = head_.headers;
  request.body = body;
  request.peer = &connection.peer;
  request.connection = connection.id;
  try {
    respond(connection, handler_(request));
  } catch (const std::exception& failure) {
    if (options_.on_handler_failed) options_.on_handler_failed(head_.path, failure.what());
    respond(connection, {.status = 500,
                         .content_type = "text/plain; charset=utf-8",
                         .body = "internal error\n",
                         .close = true});
  }
}

void HttpServer::Loop::respond(Connection& connection, Response response) {
  if (response.wait) {
    connection.wait = std::move(response.wait);
    connection.phase = Phase::waiting;
    http::add(counters_.waiting, 1);
    // Who asks while the server stops is treated as those who waited were.
    const bool is_under_way = connection.wait->is_under_way();
    const auto stop_at = is_stopping_ && !is_under_way ? now_ : stop_deadline_;
    set_deadline(connection, std::min(response.wait_until, stop_at));
    return;
  }
  if (response.hop_limit > 0) limit_hops(connection.socket.get(), response.hop_limit);
  if (response.close || response.hop_limit > 0 || is_stopping_ ||
      (response.stream && connection.is_http_1_0)) {
    connection.keep_alive = false;
  }
  const bool is_usual = connection.keep_alive && !connection.is_head && !connection.is_http_1_0;
  if (is_usual && response.status == 200 && response.ready && response.ready->is_copied()) {
    outbox_.text().append(date_.after_ok()).append(response.ready->text());
    return;
  }
  const std::string_view body = response.ready ? response.ready->body() : response.body;
  http::ReplyForm form{.is_http_1_0 = connection.is_http_1_0,
                       .keep_alive = connection.keep_alive,
                       .length = body.size()};
  if (response.stream) form.length.reset();
  http::append_head(outbox_.text(), response, form, date_);
  if (connection.is_head || !http::has_body(response.status)) return;
  if (response.stream) {
    connection.stream = std::move(response.stream);
    connection.phase = Phase::streaming;
    http::add(counters_.streams, 1);
  } else if (response.ready && response.ready->is_copied()) {
    outbox_.text() += body;
  } else if (response.ready) {
    const std::string& shared = response.ready->long_body();
    outbox_.add(std::shared_ptr<const std::string>(std::move(response.ready), &shared));
  } else {
    outbox_.add(std::move(response.body));
  }
}

// The peer did not speak HTTP, or too much or too slowly: tell it, and end the connection.
void HttpServer::Loop::refuse(Connection& connection, int status, std::string_view why) {
  http::add(counters_.bad, 1);
  connection.partial.reset();
  connection.lingers = true;
  connection.is_head = false;
  respond(connection, {.status = status,
                       .content_type = "text/plain; charset=utf-8",
                       .body = std::string(why) + "\n",
                       .close = true});
}

void HttpServer::Loop::ask_waiter(Connection& connection, bool expired) {
  std::optional<Response> response;
  try {
    response = connection.wait->poll(expired);
  } catch (const std::exception& failure) {
    if (options_.on_handler_failed) options_.on_handler_failed("long poll", failure.what());
    response = Response{.status = 500, .close = true};
  }
  if (!response) {
    if (!expired) return;
    response = Response{.status = 503, .headers = "Retry-After: 1\r\n"};
  }
  connection.wait.reset();
  http::add(counters_.waiting, static_cast<std::uint64_t>(-1));
  connection.phase = Phase::reading;
  respond(connection, std::move(*response));
  if (!connection.input.empty()) wake(connection.id);  // pipelined behind it
  settle(connection);
}

// Writes what the stream has until the socket is full or the stream waits.
void HttpServer::Loop::pump(Connection& connection) {
  using State = ChunkSource::Chunk::State;
  for (int i = 0; i < stream_chunks_a_turn; ++i) {
    ChunkSource::Chunk chunk;
    try {
      chunk = connection.stream->next();
    } catch (const std::exception& failure) {
      if (options_.on_handler_failed) options_.on_handler_failed("stream", failure.what());
      outbox_.clear();
      close(connection);
      return;
    }
    if (chunk.state == State::data) {
      if (chunk.data == nullptr || chunk.data->empty()) continue;
      if (connection.is_http_1_0) {
        outbox_.add(std::move(chunk.data));
      } else {
        append_chunk(outbox_, std::move(chunk.data));
      }
      if (outbox_.size() >= stream_batch) break;
    } else if (chunk.state == State::waiting && !is_stopping_) {
      if (!flush(connection)) return;
      set_deadline(connection, chunk.ask_again);
      watch(connection, EPOLLRDHUP);
      return;
    } else {
      if (!connection.is_http_1_0) outbox_.text() += "0\r\n\r\n";
      connection.stream.reset();
      http::add(counters_.streams, static_cast<std::uint64_t>(-1));
      connection.phase = Phase::reading;
      if (!connection.input.empty()) wake(connection.id);
      settle(connection);
      return;
    }
  }
  if (!flush(connection)) return;
  watch(connection, EPOLLRDHUP);  // what the peer sends meanwhile waits until the stream has ended
  wake(connection.id);
}

bool HttpServer::Loop::flush(Connection& connection) {
  Outbox& outbox = connection.pending ? *connection.pending : outbox_;
  const std::size_t before = outbox.size();
  switch (outbox.flush(connection.socket.get(), connection.tls.get())) {
    case Outbox::Flush::done:
      if (connection.pending) {
        connection.pending.reset();
        account(connection);
      }
      return true;
    case Outbox::Flush::failed:
      outbox.clear();
      close(connection);
      return false;
    case Outbox::Flush::blocked:
      break;
  }
  if (!connection.pending) {
    connection.pending = std::make_unique<Outbox>(std::exchange(outbox_, Outbox()));
    set_deadline(connection, now_ + options_.write_timeout);
  } else if (before != outbox.size()) {
    set_deadline(connection, now_ + options_.write_timeout);
  }
  account(connection);
  const bool has_reader_only = connection.phase != Phase::reading;
  watch(connection, EPOLLOUT | (has_reader_only ? EPOLLRDHUP : 0U));
  return false;
}

void HttpServer::Loop::settle(Connection& connection) {
  if (!outbox_.empty() && !flush(connection)) return;
  go_on(connection);
}

// All is written: what comes next?
void HttpServer::Loop::go_on(Connection& connection) {
  if (connection.phase == Phase::streaming) {
    pump(connection);
  } else if (connection.phase == Phase::waiting) {
    watch(connection, EPOLLRDHUP);
  } else if (connection.keep_alive) {
    watch(connection, EPOLLIN);
    if (connection.input.empty() && !connection.partial) {
      connection.is_mid_request = false;
      set_deadline(connection, now_ + options_.idle_timeout);
    } else if (!std::exchange(connection.is_mid_request, true)) {
      set_deadline(connection, now_ + options_.header_timeout);
    }
  } else if (connection.lingers) {
    // Closing with unread bytes would reset the connection and may take the answer with it.
    if (connection.tls) connection.tls->end();
    ::shutdown(connection.socket.get(), SHUT_WR);
    connection.phase = Phase::draining;
    watch(connection, EPOLLIN);
    set_deadline(connection, now_ + drain_time);
  } else {
    close(connection);
  }
}

}  // namespace paddock::metadata
