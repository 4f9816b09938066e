// SPDX-License-Identifier: Apache-2.0
//
// The address a daemon is looked after through: /metrics, /healthz, /readyz and /status, on
// loopback, or on a socket of its own.
//
// /status is one shape for every daemon (docs/status.md) so that `paddock status` can say what is
// wrong and what to do without knowing what the daemon does.
#pragma once

#include "runtime/lifecycle.hpp"
#include "runtime/metrics.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::runtime {

// Something an operator should know. An error keeps the daemon from doing its work, a warning does
// not.
struct Problem {
  enum class Severity { warning, error };
  Severity severity = Severity::warning;
  std::string text;    // what is wrong, a clause without full stop
  std::string remedy;  // what to do about it, or empty
};

struct Status {
  bool ready = false;
  std::string summary;            // "serving 12 services", a clause
  std::vector<Problem> problems;  // what keeps it from being ready is among them
  std::string detail = "{}";      // a JSON object, the daemon's own
};

// Called on the admin thread, one at a time.
struct AdminPages {
  std::function<Status()> status;
  std::function<void(MetricsText&)> metrics;
  // The JSON of a page of the daemon's own; absent: there is none at that path. May be empty.
  std::function<std::optional<std::string>(std::string_view path)> own = {};
};

struct AdminPlaces {
  std::string listen = "none";  // ADDRESS:PORT
  std::string socket = "none";  // the path of a unix socket
  bool is_shared = false;       // with a process whose place this one takes: `listen` is of both
};

// Serves from construction to destruction. Throws a sentence when a place cannot be had. /healthz
// fails when the control loop has not turned for 30 seconds.
class Admin {
 public:
  Admin(const std::string& daemon, const AdminPlaces& places, const Lifecycle& lifecycle,
        AdminPages pages);
  ~Admin();

  // The address bound, with the real port; empty without one.
  [[nodiscard]] std::string endpoint() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace paddock::runtime
