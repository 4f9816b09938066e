// SPDX-License-Identifier: Apache-2.0
//
// Stream: one TCP or TLS connection to another resolver, kept for as long as the
// resolver keeps it and answers; queries follow each other without waiting and are
// answered in any order (RFC 7766, RFC 7858). c-ares opens a connection
// for every answer that is cut short and knows no TLS; hence this.
#pragma once

#include "upstream/random.hpp"
#include "upstream/tls.hpp"
#include "upstream/transport.hpp"

#include <paddock/dns/upstream.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace paddock::dns::upstream {

class Stream final : public Transport {
 public:
  // `tls` is null for plain TCP.
  Stream(Upstream resolver, std::chrono::milliseconds timeout,
         std::shared_ptr<const TlsContext> tls, TransportOwner& owner);
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void send(std::span<const std::uint8_t> query, std::uint64_t exchange) override;
  void ready(int descriptor, bool readable, bool writable) override;
  void expire() override;

  [[nodiscard]] bool is_idle() const override { return pending_.empty(); }
  [[nodiscard]] bool is_spent() const override { return pending_.size() >= max_pending; }

 private:
  static constexpr std::size_t max_pending = 4096;  // of 65536 ids

  struct Pending {
    std::uint64_t exchange;
    std::chrono::steady_clock::time_point until;
    std::vector<std::uint8_t> frame;  // to be sent again when a kept connection is found closed
    bool is_repeated = false;
  };
  enum class Phase { closed, connecting, handshake, open };

  void open();
  void proceed();
  bool advance();
  bool finish_connecting();
  bool finish_handshake();
  bool write();
  bool read();
  bool take_messages();
  void watch();
  void disconnect();
  void fail();
  [[nodiscard]] std::uint16_t free_id();

  const Upstream resolver_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<const TlsContext> tls_;
  TransportOwner& owner_;
  int descriptor_ = -1;
  Phase phase_ = Phase::closed;
  std::chrono::steady_clock::time_point heard_{};  // when something came last on this connection
  bool was_answered_ = false;                      // on this connection
  bool wants_write_ = false;    // nothing more goes out until the socket can be written
  bool is_proceeding_ = false;  // a query sent meanwhile is seen to at the end
  bool is_watched_ = false;
  bool is_write_watched_ = false;
  std::optional<TlsSession> session_;
  TlsTicket ticket_;
  std::vector<std::uint8_t> input_;
  std::vector<std::uint8_t> output_;
  std::unordered_map<std::uint16_t, Pending> pending_;  // by message id
  Random random_;
};

}  // namespace paddock::dns::upstream
