// SPDX-License-Identifier: Apache-2.0
//
// From what the watchers are told to a cluster. Any number of feeds, each with a thread of its own,
// put into one table; one reader takes what has changed since it last did.
#pragma once

#include "kubernetes/node_change.hpp"
#include "kubernetes/objects.hpp"
#include "kubernetes/watcher.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/store.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <unordered_set>
#include <vector>

namespace paddock::metadata::kubernetes {

class Table {
 public:
  // `last_known` may be null. Revisions go on from it; the store's name is new, since nobody else
  // counts as this process does. `own_node` is the one that may be written to; empty: none.
  Table(std::string store, std::shared_ptr<const Cluster> last_known, std::string own_node);

  // Until something is new, or it is time to stop.
  void wait(const std::stop_token& stop);
  // What has become of the cluster since the last call, with the changes between. No cluster before
  // every feed was whole once.
  struct Step {
    std::shared_ptr<const Cluster> cluster;
    std::vector<Change> changes;
    bool is_first = false;  // everything there is; `changes` is empty
  };
  [[nodiscard]] Step take();

  // What the API has last told of the own node; no host: nothing.
  struct OwnNode {
    std::shared_ptr<const Host> host;
    NodeFacts facts;
  };
  [[nodiscard]] OwnNode own_node() const;
  // Until it has another version than that, or the time has come.
  void wait_for_own_node(const std::string& version, std::chrono::steady_clock::time_point until);
  // The answer to a write of the own node: what a watch has told in the meantime comes before it.
  // The revision that its Host has now.
  std::uint64_t learn_own_node(const Json& node);

  // Whether all feeds are up to date, and what was last wrong with one.
  [[nodiscard]] StoreHealth health() const;

 private:
  friend class Feed;

  // What is known of imports before somebody tells of them.
  void remember_imports();
  void put(std::shared_ptr<Object> object);
  void put_node(std::shared_ptr<Host> host, const Json& node);
  void erase(const Key& key);
  void note(const Key& key, std::uint64_t revision);
  [[nodiscard]] bool is_complete() const;
  [[nodiscard]] std::int64_t stale_since() const;

  const std::string store_;
  const std::string own_node_;
  mutable std::mutex mutex_;  // feeds put, one reader takes
  std::condition_variable_any changed_;
  Draft draft_;
  std::uint64_t revision_ = 0;
  std::vector<Change> changes_;
  std::map<Key, Import> imports_;   // by the key of the Service
  bool has_ingresses_ = false;      // somebody tells of them
  std::uint64_t node_version_ = 0;  // the newest of all nodes
  NodeFacts own_facts_;
  struct Standing {
    bool is_whole = false;        // was so once
    std::int64_t lost_since = 0;  // Unix ms; 0: connected
  };
  std::vector<Standing> standings_;  // of the feeds, by their number
  std::string last_error_;
  bool is_news_ = false;
  bool has_begun_ = false;  // the first step was taken
};

// What one resource is to the table.
enum class Role : std::uint8_t {
  name_space,
  node,
  service,
  endpoint_slice,
  pod,
  service_import,
  ingress
};

class Feed final : public Inbox {
 public:
  Feed(Table& table, Role role);

  void begin_list() override;
  void end_list() override;
  void put(const Json& object) override;
  void erase(const Json& object) override;
  void connected() override;
  void lost(const Error& why) override;

 private:
  [[nodiscard]] Kind kind() const;
  [[nodiscard]] Key key_of(const Json& object) const;
  [[nodiscard]] bool tells_of(const Service& service) const;
  void put_service(std::shared_ptr<Service> service);
  void erase_service(const Key& key);
  void put_import(const Key& key, Import import);
  void erase_import(const Key& key);
  void erase_unseen();

  Table& table_;
  const Role role_;
  const std::size_t number_;
  bool is_listing_ = false;
  std::unordered_set<std::string> seen_;  // while listing: "namespace/name"
};

}  // namespace paddock::metadata::kubernetes
