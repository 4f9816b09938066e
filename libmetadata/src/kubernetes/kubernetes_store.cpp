// SPDX-License-Identifier: Apache-2.0
//
// The store that follows a Kubernetes API server: a thread for each resource that is watched, one
// that publishes what they bring, one that writes to the own node, one that keeps the snapshot
// file.
#include "client/snapshot_file.hpp"
#include "client/snapshot_saver.hpp"
#include "kubernetes/node_writer.hpp"
#include "kubernetes/table.hpp"
#include "kubernetes/watcher.hpp"
#include "remote/write_queue.hpp"
#include "store/judgement.hpp"
#include "store/published_store.hpp"

#include <paddock/metadata/kubernetes.hpp>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace paddock::metadata {
namespace {

using namespace kubernetes;
using Clock = std::chrono::steady_clock;

// What comes within this time of a change is published with it.
constexpr std::chrono::milliseconds coalescing{2};

// One resource: what follows it, and what that is told into.
struct Followed {
  Followed(Table& table, Role role, ClientOptions server, Resource resource, WatchTimes times)
      : feed(table, role), watcher(std::move(server), std::move(resource), times, feed) {}

  Feed feed;
  Watcher watcher;
  std::jthread thread;
};

struct Wanted {
  Role role;
  Resource resource;
};

std::vector<Wanted> wanted_resources(const KubernetesStoreOptions& options) {
  // Names of nodes are DNS names: nothing in them needs escaping.
  const bool is_one = !options.all_pods && !options.node.empty();
  const std::string of_node = is_one ? "fieldSelector=spec.nodeName%3D" + options.node : "";
  std::vector<Wanted> wanted{
      {Role::name_space, {.path = "/api/v1/namespaces"}},
      {Role::node, {.path = "/api/v1/nodes"}},
      {Role::service, {.path = "/api/v1/services"}},
      {Role::endpoint_slice, {.path = "/apis/discovery.k8s.io/v1/endpointslices"}},
      {Role::pod, {.path = "/api/v1/pods", .selector = of_node}}};
  if (options.imports) {
    wanted.push_back({Role::service_import,
                      {.path = "/apis/multicluster.x-k8s.io/v1beta1/serviceimports",
                       .may_be_missing = true,
                       .older = "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports"}});
  }
  if (options.ingresses) {
    wanted.push_back({Role::ingress, {.path = "/apis/networking.k8s.io/v1/ingresses"}});
  }
  for (auto& [role, resource] : wanted) {
    resource.path.insert(0, options.server.base);
    if (!resource.older.empty()) resource.older.insert(0, options.server.base);
  }
  return wanted;
}

ClientOptions server_of(const KubernetesStoreOptions& options) {
  return {.server = options.server.url, .access = options.server.access};
}

class KubernetesStore final : public PublishedStore {
 public:
  explicit KubernetesStore(KubernetesStoreOptions given)
      : PublishedStore(given.history),
        options_(std::move(given)),
        writes_(options_),
        table_(random_uuid(), read_snapshot(), options_.node),
        writer_({.server = server_of(options_),
                 .base = options_.server.base,
                 .cordon = options_.cordon ? Cordon::follows : Cordon::read},
                options_.node, table_, {.longest = options_.longest_retry}),
        saver_(
            snapshot_file(), options_.save_after, [this] { return publisher_.cluster(); },
            options_.events.snapshot_failed) {
    for (auto& [role, resource] : wanted_resources(options_)) {
      followed_.push_back(std::make_unique<Followed>(
          table_, role, server_of(options_), std::move(resource),
          WatchTimes{.silence = options_.silence, .longest_retry = options_.longest_retry}));
    }
    writes_.start({[this](const remote::Writes& writes, std::int64_t now) {
                     return writer_.make(writes, now);
                   },
                   [this] { return writer_.tend(); }});
    publishing_ = std::jthread([this](const std::stop_token& stop) { publish(stop); });
    for (auto& one : followed_) {
      one->thread =
          std::jthread([&one = *one](const std::stop_token& stop) { one.watcher.run(stop); });
    }
  }

  ~KubernetesStore() override {
    writer_.interrupt();
    writes_.stop();
    for (auto& one : followed_) {
      one->thread.request_stop();
      one->watcher.interrupt();
    }
    followed_.clear();
    publishing_ = {};
  }

  [[nodiscard]] std::string source() const override {
    return "kubernetes:" + options_.server.url + options_.server.base;
  }
  [[nodiscard]] bool is_writable() const noexcept override { return false; }
  void submit(Write write, std::function<void(WriteResult)> done) override {
    const Key key = key_of(write);
    if (key == Key{Kind::host, "", options_.node}) {
      return writes_.submit(std::move(write), std::move(done));
    }
    WriteResult refused;
    refused.status = WriteResult::Status::read_only;
    refused.text =
        format(key) + " is what the Kubernetes API says: change it there, as with kubectl";
    done(std::move(refused));
  }
  [[nodiscard]] StoreHealth health() const override { return table_.health(); }
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const override {
    return writes_.audit(limit);
  }

 private:
  [[nodiscard]] std::string snapshot_file() const {
    return options_.directory.empty() ? "" : (options_.directory / "cluster.snapshot").string();
  }
  std::shared_ptr<const Cluster> read_snapshot();
  void publish(const std::stop_token& stop);
  void note_standing();

  const KubernetesStoreOptions options_;
  remote::WriteQueue writes_;  // holds the directory's lock, so it comes first
  Table table_;
  NodeWriter writer_;
  client::SnapshotSaver saver_;
  bool was_connected_ = false;  // of the publishing thread, as is_told_
  bool is_told_ = false;
  std::vector<std::unique_ptr<Followed>> followed_;
  std::jthread publishing_;
};

// The last known state is published at once, stale.
std::shared_ptr<const Cluster> KubernetesStore::read_snapshot() {
  if (snapshot_file().empty()) return nullptr;
  auto snapshot = client::read_snapshot(snapshot_file());
  if (snapshot) {
    if (*snapshot) publisher_.publish_anew(*snapshot);
    return std::move(*snapshot);
  }
  if (options_.events.snapshot_ignored) options_.events.snapshot_ignored(snapshot.error());
  return nullptr;
}

void KubernetesStore::publish(const std::stop_token& stop) {
  for (;;) {
    table_.wait(stop);
    if (stop.stop_requested()) return;
    note_standing();
    std::this_thread::sleep_for(coalescing);
    const auto step = table_.take();
    if (!step.cluster) continue;
    if (step.is_first) {
      publisher_.publish_anew(step.cluster);
    } else {
      publisher_.publish(step.cluster, step.changes);
    }
    writes_.reached(step.cluster->revision());
    saver_.changed();
  }
}

void KubernetesStore::note_standing() {
  const auto health = table_.health();
  if (health.is_connected) {
    is_told_ = false;
    if (!std::exchange(was_connected_, true) && options_.events.connected) {
      options_.events.connected();
    }
  } else if (!health.last_error.empty()) {
    const bool is_news = std::exchange(was_connected_, false) || !std::exchange(is_told_, true);
    if (is_news && options_.events.lost) {
      options_.events.lost(
          {make_error_code(boost::system::errc::not_connected), health.last_error});
    }
  }
}
}  // namespace

std::unique_ptr<Store> open_kubernetes_store(KubernetesStoreOptions options) {
  return std::make_unique<KubernetesStore>(std::move(options));
}

}  // namespace paddock::metadata
