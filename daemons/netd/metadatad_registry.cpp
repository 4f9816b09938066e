// SPDX-License-Identifier: Apache-2.0
#include "netd/metadatad_registry.hpp"

#include "runtime/log.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/follower.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace paddock::netd {
namespace {

namespace log = runtime::log;
using std::chrono::steady_clock;

// A pod waits no longer for its name than this; a metadatad in good health takes a millisecond.
constexpr std::chrono::milliseconds patience{300};
constexpr std::chrono::seconds keep_interval{5};
constexpr int not_found = 404;
constexpr int read_only = 405;
constexpr int changed_meanwhile = 412;
constexpr int server_error = 500;

metadata::FollowerOptions follower_options(const std::string& server,
                                           const RegistryOptions& options) {
  metadata::FollowerOptions follower;
  follower.server = server;
  follower.access = options.access;
  follower.events.lost = [](const metadata::Error& why) {
    log::warning("metadatad is away; pods are registered when it is back", {{"error", why.text}});
  };
  follower.events.connected = [] { log::info("following metadatad"); };
  return follower;
}

class MetadatadRegistry final : public Registry {
 public:
  MetadatadRegistry(std::string server, const RegistryOptions& options)
      : server_(std::move(server)),
        options_(options),
        follower_(follower_options(server_, options)) {}

  void start() override { follower_.start(); }
  void stop() override { follower_.stop(); }
  [[nodiscard]] std::shared_ptr<const metadata::Cluster> cluster() const override {
    return follower_.cluster();
  }
  [[nodiscard]] std::shared_ptr<const metadata::Cluster> next(
      const std::shared_ptr<const metadata::Cluster>& seen,
      steady_clock::time_point deadline) const override {
    return follower_.next(seen, deadline);
  }
  [[nodiscard]] bool is_connected() const override { return follower_.status().is_connected; }

  [[nodiscard]] Answer put(const metadata::Object& object) override {
    metadata::ClientRequest request{
        .method = "PUT",
        .target = "/v1/" + metadata::format(object.key()) + "?owner=" + options_.host,
        .headers = {{"Content-Type", "application/json"}},
        .body = metadata::format_json(object)};
    if (object.kind == metadata::Kind::host && object.revision != 0)
      request.headers.emplace_back("If-Match", "\"" + std::to_string(object.revision) + "\"");
    return send(request);
  }
  [[nodiscard]] Answer erase(const metadata::Key& key) override {
    return send({.method = "DELETE", .target = "/v1/" + metadata::format(key)});
  }
  void keep() override {
    const auto now = steady_clock::now();
    if (now < keep_at_) return;
    keep_at_ = now + keep_interval;
    (void)send({.method = "POST", .target = "/v1/owners/" + options_.host});
  }

 private:
  Answer send(const metadata::ClientRequest& request);
  std::unique_ptr<metadata::Client> borrow_client();

  const std::string server_;
  const RegistryOptions options_;
  metadata::Follower follower_;
  steady_clock::time_point keep_at_{};
  std::mutex mutex_;  // requests come on many threads; never held over I/O
  std::vector<std::unique_ptr<metadata::Client>> clients_;
};

Registry::Answer MetadatadRegistry::send(const metadata::ClientRequest& request) {
  auto client = borrow_client();
  const auto answer = client->send(request);
  if (!answer) return {Outcome::failed, answer.error().text};
  {
    const std::lock_guard lock(mutex_);
    clients_.push_back(std::move(client));
  }
  if (answer->is_success()) return {};
  if (request.method == "DELETE" && answer->status == not_found) return {};
  const auto text = request.method + " " + request.target + ": " + std::to_string(answer->status) +
                    " " + answer->body;
  if (answer->status == read_only) return {Outcome::foreign, text};
  const bool is_for_now = answer->status >= server_error || answer->status == changed_meanwhile;
  return {is_for_now ? Outcome::failed : Outcome::refused, text};
}

std::unique_ptr<metadata::Client> MetadatadRegistry::borrow_client() {
  {
    const std::lock_guard lock(mutex_);
    if (!clients_.empty()) {
      auto client = std::move(clients_.back());
      clients_.pop_back();
      return client;
    }
  }
  return std::make_unique<metadata::Client>(
      metadata::ClientOptions{.server = server_, .access = options_.access, .timeout = patience});
}

}  // namespace

std::unique_ptr<Registry> open_metadatad_registry(const std::string& server,
                                                  const RegistryOptions& options) {
  return std::make_unique<MetadatadRegistry>(server, options);
}

}  // namespace paddock::netd
