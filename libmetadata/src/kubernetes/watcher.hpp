// SPDX-License-Identifier: Apache-2.0
//
// Keeps up with one resource of the Kubernetes API: reads what there is, then watches what changes,
// and goes on through everything that can end either: a clean end, a cut, silence, 410 in all its
// forms, refusals, an API server that is away for hours. What is known stays meanwhile.
#pragma once

#include "kubernetes/json.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/error.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>

namespace paddock::metadata::kubernetes {

// Which objects are read.
struct Resource {
  std::string path;             // "/apis/discovery.k8s.io/v1/endpointslices"
  std::string selector = {};    // "fieldSelector=…", escaped; empty: all
  bool may_be_missing = false;  // a server without it (404) has none of them
  std::string older = {};       // its path in an older version, for servers without this one
};

// Told what the API says, on the watcher's thread.
class Inbox {
 public:
  // Everything there is follows, put by put; what is not among it when the list ends is gone. A
  // list that is cut short begins again.
  virtual void begin_list() = 0;
  virtual void end_list() = 0;
  virtual void put(const Json& object) = 0;
  virtual void erase(const Json& object) = 0;

  // What is known is as new as the server's, or has stopped being so.
  virtual void connected() = 0;
  virtual void lost(const Error& why) = 0;

 protected:
  ~Inbox() = default;
};

struct WatchTimes {
  // The server ends a watch after this long, and up to twice as long so that not all end at once.
  std::chrono::seconds watch{300};
  // Bookmarks come every minute; a stream that is silent longer than this is given up.
  std::chrono::milliseconds silence{75'000};
  std::chrono::milliseconds head{15'000};  // until an answer begins
  std::chrono::milliseconds shortest_retry{200};
  std::chrono::milliseconds longest_retry{30'000};
};

class Watcher {
 public:
  Watcher(ClientOptions server, Resource resource, WatchTimes times, Inbox& inbox);

  // Until stopped.
  void run(const std::stop_token& stop);
  // Ends the call under way. Any thread.
  void interrupt() noexcept { client_.interrupt(); }

 private:
  // How a request ended.
  struct End {
    enum class Kind {
      done,         // go on at once
      idle,         // go on, but not at once: it ended before it brought anything
      expired,      // the version is too old: all is read again
      unsupported,  // the server has no streaming lists
      missing,      // the server has no such resource
      failed
    };
    Kind kind = Kind::done;
    Error why{};
    std::optional<std::chrono::seconds> retry_after{};
  };

  End list();
  End list_page(const std::string& query, std::string& next, std::string& version);
  End stream_list();
  End watch(const std::string& query, bool is_list);
  // One line of a watch; false: it ends here, see `end`.
  bool take_event(std::string_view line, bool& is_list, End& end);
  bool take_bookmark(const Json& object, bool& is_list);
  [[nodiscard]] End judge(const ClientResponse& response) const;
  [[nodiscard]] End judge(const Error& why) const;
  [[nodiscard]] ClientRequest request(const std::string& query) const;
  // Where a server has the resource in another version, that is asked next.
  bool turn_to_other_version();
  void note_connected();
  void note_end(const End& end);
  void wait(const End& end, const std::stop_token& stop);

  const Resource resource_;
  const WatchTimes times_;
  Inbox& inbox_;
  Client client_;
  std::string version_;            // the newest resourceVersion seen; empty: none, or too old
  bool asks_older_ = false;        // of the versions of the resource
  bool is_other_missing_ = false;  // the version asked before was
  bool can_stream_ = true;         // until the server says that it cannot
  bool lists_next_ = false;        // a streaming list has failed: the next try is a plain one
  bool is_outrun_ = false;         // the version of a list expired between two pages of it
  bool has_listed_ = false;        // once at least
  bool is_connected_ = false;
  bool is_told_ = false;  // the loss was reported
  std::chrono::milliseconds retry_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace paddock::metadata::kubernetes
