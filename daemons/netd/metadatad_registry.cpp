// SPDX-License-Identifier: Apache-2.0
#include "netd/metadatad_registry.hpp"

#include "runtime/log.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/follower.hpp>

#include <charconv>
#include <mutex>
#include <string_view>
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

// Of pods this host's alone, and those of none yet: there may be 150,000.
metadata::Reduction kept_by(const RegistryOptions& options) {
  const auto keep = [host = options.host, knows_others = options.knows_other_pods](
                        const metadata::ObjectPtr& object) -> metadata::ObjectPtr {
    if (!has_kind(metadata::Part::hosts, object->kind)) return nullptr;
    const auto* pod = metadata::as<metadata::Pod>(object.get());
    if (pod == nullptr || pod->host.empty() || pod->host == host) return object;
    if (!knows_others) return nullptr;
    auto place = std::make_shared<metadata::Pod>();
    place->ns = pod->ns;
    place->name = pod->name;
    place->host = pod->host;
    place->addresses = pod->addresses;
    return place;
  };
  return {.part = metadata::Part::hosts, .keep = keep, .form = {}};
}

metadata::FollowerOptions follower_options(const std::string& server,
                                           const RegistryOptions& options) {
  metadata::FollowerOptions follower;
  follower.server = server;
  follower.access = options.access;
  follower.reduction = kept_by(options);
  follower.events.lost = [](const metadata::Error& why) {
    log::warning("metadatad is away; pods are registered when it is back", {{"error", why.text}});
  };
  follower.events.connected = [] { log::info("following metadatad"); };
  return follower;
}

std::string tag_of(std::uint64_t revision) { return '"' + std::to_string(revision) + '"'; }

// 0 when there is none.
std::uint64_t revision_of(std::string_view tag) {
  std::uint64_t revision = 0;
  if (tag.starts_with('"')) tag.remove_prefix(1);
  (void)std::from_chars(tag.data(), tag.data() + tag.size(), revision);
  return revision;
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
    auto request = put_of(object);
    request.target += "?owner=" + options_.host;
    if (object.kind == metadata::Kind::host && object.revision != 0)
      request.headers.emplace_back("If-Match", tag_of(object.revision));
    if (object.kind != metadata::Kind::pod || object.revision != 0) return submitted(request);
    request.headers.emplace_back("If-None-Match", "*");
    const auto answer = send(request);
    if (answer && answer->status == changed_meanwhile)
      return {Outcome::late, refusal(request, *answer)};
    return judged(request, answer);
  }
  [[nodiscard]] std::shared_ptr<const metadata::Pod> read_pod(const metadata::Key& key) override {
    const auto answer = send({.method = "GET", .target = "/v1/" + metadata::format(key)});
    if (!answer || !answer->is_success()) return nullptr;
    const auto read = metadata::parse_object(answer->body, &key);
    const auto* pod = metadata::as<metadata::Pod>(read.object.get());
    if (pod == nullptr) return nullptr;
    read.object->revision = revision_of(answer->header("etag"));
    return {read.object, pod};
  }
  [[nodiscard]] Answer erase(const metadata::Key& key) override {
    return submitted({.method = "DELETE", .target = "/v1/" + metadata::format(key)});
  }
  [[nodiscard]] Answer create(const metadata::Object& object) override {
    auto request = put_of(object);
    request.headers.emplace_back("If-None-Match", "*");
    return contended(request);
  }
  [[nodiscard]] Answer replace(const metadata::Object& object, std::uint64_t revision) override {
    auto request = put_of(object);
    request.headers.emplace_back("If-Match", tag_of(revision));
    return contended(request);
  }
  [[nodiscard]] Answer erase(const metadata::Key& key, std::uint64_t revision) override {
    return contended({.method = "DELETE",
                      .target = "/v1/" + metadata::format(key),
                      .headers = {{"If-Match", tag_of(revision)}}});
  }
  void keep() override {
    const auto now = steady_clock::now();
    if (now < keep_at_) return;
    keep_at_ = now + keep_interval;
    (void)submitted({.method = "POST", .target = "/v1/owners/" + options_.host});
  }

 private:
  static metadata::ClientRequest put_of(const metadata::Object& object) {
    return {.method = "PUT",
            .target = "/v1/" + metadata::format(object.key()),
            .headers = {{"Content-Type", "application/json"}},
            .body = metadata::format_json(object)};
  }
  static std::string refusal(const metadata::ClientRequest& request,
                             const metadata::ClientResponse& answer) {
    return request.method + " " + request.target + ": " + std::to_string(answer.status) + " " +
           answer.body;
  }
  metadata::Result<metadata::ClientResponse> send(const metadata::ClientRequest& request);
  static Answer judged(const metadata::ClientRequest& request,
                       const metadata::Result<metadata::ClientResponse>& answer);
  Answer submitted(const metadata::ClientRequest& request) {
    return judged(request, send(request));
  }
  Answer contended(const metadata::ClientRequest& request);
  std::unique_ptr<metadata::Client> borrow_client();

  const std::string server_;
  const RegistryOptions options_;
  metadata::Follower follower_;
  steady_clock::time_point keep_at_{};
  std::mutex mutex_;  // requests come on many threads; never held over I/O
  std::vector<std::unique_ptr<metadata::Client>> clients_;
};

metadata::Result<metadata::ClientResponse> MetadatadRegistry::send(
    const metadata::ClientRequest& request) {
  auto client = borrow_client();
  auto answer = client->send(request);
  if (answer) {
    const std::lock_guard lock(mutex_);
    clients_.push_back(std::move(client));
  }
  return answer;
}

Registry::Answer MetadatadRegistry::judged(
    const metadata::ClientRequest& request,
    const metadata::Result<metadata::ClientResponse>& answer) {
  if (!answer) return {Outcome::failed, answer.error().text};
  if (answer->is_success()) return {};
  if (request.method == "DELETE" && answer->status == not_found) return {};
  if (answer->status == read_only) return {Outcome::foreign, refusal(request, *answer)};
  const bool is_for_now = answer->status >= server_error || answer->status == changed_meanwhile;
  return {is_for_now ? Outcome::failed : Outcome::refused, refusal(request, *answer)};
}

Registry::Answer MetadatadRegistry::contended(const metadata::ClientRequest& request) {
  const auto answer = send(request);
  if (!answer) return {Outcome::failed, answer.error().text};
  if (answer->is_success()) return {Outcome::done, {}, revision_of(answer->header("etag"))};
  const bool is_late = answer->status == changed_meanwhile || answer->status == not_found;
  return {is_late ? Outcome::late : Outcome::failed, refusal(request, *answer)};
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
