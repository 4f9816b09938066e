// SPDX-License-Identifier: Apache-2.0
//
// QueryLog: a sample of the queries, from the workers to whoever writes them
// down. Each worker has a ring of its own that it never waits for: what does not
// fit is counted and left out.
#pragma once

#include "wire/message.hpp"

#include <paddock/dns/server.hpp>

#include <boost/asio/ip/address.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace paddock::dns::server {

class QueryLog {
 public:
  QueryLog(std::size_t workers, unsigned one_in) : one_in_(one_in), rings_(workers) {}

  // From the worker: whether it is this one's turn to be put().
  [[nodiscard]] bool wants(std::size_t worker) {
    auto& ring = rings_[worker];
    if (++ring.seen < one_in_) {
      return false;
    }
    ring.seen = 0;
    return true;
  }

  struct Note {
    boost::asio::ip::address client{};
    Transport transport = Transport::udp;
    Rcode rcode = Rcode::noerror;
    std::chrono::microseconds took{0};
  };
  void put(std::size_t worker, const wire::Query& query, const Note& note);

  // From one thread: what was put since the last call, worker by worker.
  [[nodiscard]] std::vector<LoggedQuery> take();

  // How many did not fit.
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  static constexpr std::size_t capacity = 4096;

  struct Entry {
    Note note;
    Type type{0};
    std::uint8_t name_length = 0;
    std::array<std::uint8_t, 255> name;
  };
  struct alignas(64) Ring {
    std::atomic<std::uint64_t> written{0};
    std::atomic<std::uint64_t> read{0};
    std::atomic<std::uint64_t> left_out{0};
    unsigned seen = 0;
    std::array<Entry, capacity> entries;
  };

  const unsigned one_in_;
  std::vector<Ring> rings_;
};

}  // namespace paddock::dns::server
