// SPDX-License-Identifier: Apache-2.0
//
// Writes to the node that this host is, what node_change.hpp allows, and sees to it that the node's
// network counts as up once somebody has announced it here, and that no cordon of somebody else is
// taken for ours. Of one thread, but for interrupt().
#pragma once

#include "kubernetes/node_change.hpp"
#include "kubernetes/table.hpp"
#include "remote/write_queue.hpp"

#include <paddock/metadata/client.hpp>

#include <chrono>
#include <random>
#include <string>

namespace paddock::metadata::kubernetes {

struct RetryTimes {
  std::chrono::milliseconds shortest{200};
  std::chrono::milliseconds longest{30'000};
};

class NodeWriter {
 public:
  struct Api {
    ClientOptions server;
    std::string base = {};  // comes before every path
    Cordon cordon = Cordon::read;
  };

  // The table is that of the node's cluster, and knows which node it is.
  NodeWriter(Api api, std::string node, Table& table, RetryTimes times);

  // The lines of the audit log have this time (Unix milliseconds).
  [[nodiscard]] std::vector<remote::Made> make(const remote::Writes& writes, std::int64_t now);
  // Says again that the network is up, where somebody has unsaid it, and forgets a cordon of ours
  // that somebody has lifted. When to call again.
  std::chrono::steady_clock::time_point tend();
  void interrupt() noexcept { client_.interrupt(); }

 private:
  using Clock = std::chrono::steady_clock;

  // What came of one patch.
  struct Sent {
    WriteResult::Status status = WriteResult::Status::changed;
    std::string text = {};       // why not
    std::uint64_t revision = 0;  // of the node's Host from now on
    bool is_outrun = false;      // somebody else has changed the node meanwhile
  };

  remote::Made make(const Write& write, std::int64_t now);
  remote::Made change(const Write& write, const Host& wanted, std::int64_t now);
  Sent send(const NodeChange& change, const std::string& version);
  Sent judge(const ClientResponse& response);
  Sent put_off(std::string why, std::chrono::milliseconds at_least);

  const std::string node_;
  const std::string target_;
  const Cordon cordon_;
  const RetryTimes times_;
  Table& table_;
  Client client_;
  bool announces_network_ = false;  // was asked to, since it lives
  Clock::time_point not_before_{};
  std::string last_error_;
  std::chrono::milliseconds retry_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace paddock::metadata::kubernetes
