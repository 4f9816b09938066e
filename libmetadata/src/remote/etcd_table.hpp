// SPDX-License-Identifier: Apache-2.0
//
// From keys of etcd to a cluster: what is read or told becomes the next snapshot, with what differs
// from the last. Endpoints of pods are derived here and never stored. Pure.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/etcd.hpp>
#include <paddock/metadata/store.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata::remote {

// Objects are at PREFIX/services/shop/web and so on; PREFIX/store holds the UUID of the store.
class EtcdKeys {
 public:
  explicit EtcdKeys(std::string prefix) : prefix_(std::move(prefix) + "/") {}
  [[nodiscard]] std::string of(const Key& key) const { return prefix_ + format(key); }
  [[nodiscard]] std::string of_store() const { return prefix_ + "store"; }
  [[nodiscard]] etcd::Get all() const { return {prefix_, etcd::end_of_prefix(prefix_)}; }
  // Absent for keys that are none of ours.
  [[nodiscard]] std::optional<Key> parse(std::string_view etcd_key) const;

 private:
  std::string prefix_;
};

// The object in a value. A Problem says what is wrong with it.
struct EtcdObject {
  std::shared_ptr<Object> object;
  Problem problem;
};
[[nodiscard]] EtcdObject read_etcd_object(const etcd::KeyValue& from, const Key& key,
                                          const std::string& store);

// What is stored for an object: its revision is etcd's to know.
[[nodiscard]] std::string etcd_value_of(const Object& object);

class EtcdTable {
 public:
  EtcdTable(EtcdKeys keys, std::shared_ptr<const Cluster> last_known)
      : keys_(std::move(keys)), current_(std::move(last_known)) {}

  // Null while nothing is known.
  [[nodiscard]] const std::shared_ptr<const Cluster>& current() const noexcept { return current_; }

  // The whole state. What is as it was stays the object that it was.
  void replace(const std::string& store, const etcd::Found& whole);
  // Changes since; returns them with the derived ones.
  [[nodiscard]] std::vector<Change> apply(const etcd::Notice& notice);
  // Marks the state: 0 for fresh.
  void set_stale(std::int64_t since);

  // By etcd's key, of the values that are no objects.
  [[nodiscard]] const std::map<std::string, Problem>& problems() const noexcept {
    return problems_;
  }
  // Those found since this was asked last.
  [[nodiscard]] std::vector<Problem> take_news() { return std::exchange(news_, {}); }

 private:
  // Puts what the value is into the draft, or takes it out; whether anything changed.
  bool take(Draft& draft, const Key& key, const etcd::KeyValue& from, const std::string& store);

  EtcdKeys keys_;
  std::shared_ptr<const Cluster> current_;
  std::map<std::string, Problem> problems_;
  std::vector<Problem> news_;
};

}  // namespace paddock::metadata::remote
