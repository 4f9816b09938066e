// SPDX-License-Identifier: Apache-2.0
//
// Mailbox: how the control thread tells a worker something. The worker looks into
// it only when its eventfd says so; posting waits until it did.
#pragma once

#include "server/descriptor.hpp"
#include "upstream/plan.hpp"

#include <paddock/dns/rules.hpp>
#include <paddock/dns/server.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace paddock::dns::server {

class QueryLog;

struct Forwarding {
  ForwardOptions options;
  upstream::Plan plan;
};

// What is to change; what is absent stays.
struct Orders {
  std::optional<Status> status{};
  std::shared_ptr<const Forwarding> forwarding{};
  std::optional<std::shared_ptr<const Rules>> rules{};
  std::optional<std::shared_ptr<QueryLog>> query_log{};
  bool stop = false;
};

// The lock guards the handing over of one letter; no query path takes it.
class Mailbox {
 public:
  Mailbox();

  // Readable when there are orders.
  [[nodiscard]] int descriptor() const { return event_.number(); }

  // From the control thread, one at a time: post() leaves the orders, wait() returns when the
  // worker has carried them out.
  void post(Orders orders);
  void wait();

  // From the worker: what was posted, then that it is done.
  [[nodiscard]] std::optional<Orders> take();
  void acknowledge();

 private:
  Descriptor event_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::optional<Orders> orders_;
  bool is_pending_ = false;
};

}  // namespace paddock::dns::server
