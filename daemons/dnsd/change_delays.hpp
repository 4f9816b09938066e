// SPDX-License-Identifier: Apache-2.0
//
// How long a change of endpoints takes to be answered here, from when their controller says it
// began (Kubernetes: the annotation endpoints.kubernetes.io/last-change-trigger-time of a slice).
#pragma once

#include "runtime/metrics.hpp"

#include <paddock/metadata/cluster.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace paddock::dnsd {

class ChangeDelays {
 public:
  using Clock = std::function<double()>;  // Unix time in seconds
  explicit ChangeDelays(Clock now = unix_time) : now_(std::move(now)) {}

  // Any thread: an object that came from the source.
  void note(const metadata::Object& object);

  // The names of `after` are answered now, after those of `before`: counts what differs between
  // the two, of headless services and of others. An object that only came again is no change; one
  // that came before its service is answered with it. The same twice: all that came so far was
  // there from the start.
  void answered(const metadata::Cluster& before, const metadata::Cluster& after);

  [[nodiscard]] const runtime::LatencyHistogram& of_headless() const { return of_headless_; }
  [[nodiscard]] const runtime::LatencyHistogram& of_others() const { return of_others_; }

 private:
  static double unix_time();

  struct Change {
    std::uint64_t revision = 0;
    double began = 0;
  };
  using Key = std::pair<std::string, std::string>;  // namespace and name of the slice

  const Clock now_;
  std::mutex lock_;
  std::map<Key, Change> noted_;
  runtime::LatencyHistogram of_headless_;
  runtime::LatencyHistogram of_others_;
};

}  // namespace paddock::dnsd
