// SPDX-License-Identifier: Apache-2.0
//
// The store in etcd: one thread reads the state and watches it, one writes, one keeps the snapshot
// file. The state is what etcd has told, in its order: a write is seen when the watch brings it.
#include "client/snapshot_saver.hpp"
#include "remote/etcd_table.hpp"
#include "remote/etcd_writer.hpp"
#include "remote/owner_leases.hpp"
#include "remote/write_queue.hpp"
#include "store/file.hpp"
#include "store/judgement.hpp"
#include "store/published_store.hpp"

#include <paddock/metadata/remote_store.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace paddock::metadata {
namespace {

using namespace remote;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds shortest_retry{100};

template <class... Arguments>
void call(const std::function<void(Arguments...)>& event,
          const std::type_identity_t<Arguments>&... arguments) {
  if (event) event(arguments...);
}

etcd::Options etcd_options(const EtcdStoreOptions& options) {
  return {.endpoints = options.endpoints,
          .access = options.access,
          .timeout = options.timeout,
          .silence = options.silence};
}

std::string snapshot_file(const EtcdStoreOptions& options) {
  return options.directory.empty() ? "" : (options.directory / "cluster.snapshot").string();
}

Error as_error(const Problem& problem) {
  return {make_error_code(boost::system::errc::bad_message), format(problem)};
}

class EtcdStore final : public PublishedStore {
 public:
  explicit EtcdStore(EtcdStoreOptions given)
      : PublishedStore(given.history),
        options_(std::move(given)),
        keys_(options_.prefix),
        writes_(options_),
        reader_etcd_(etcd_options(options_)),
        leases_(options_.prefix, options_.owner_time),
        writer_(etcd_options(options_), keys_, leases_),
        table_(keys_, read_snapshot()),
        saver_(
            snapshot_file(options_), options_.save_after, [this] { return cluster(); },
            options_.events.snapshot_failed) {
    health_.is_connected = false;
    if (table_.current()) publisher_.publish(table_.current(), {});
    writes_.start({[this](const Writes& writes, std::int64_t now) {
                     return writer_.make(writes, now, cluster());
                   },
                   [this] { return writer_.renew_leases(); }});
    reader_ = std::jthread([this](const std::stop_token& stop) { read(stop); });
  }

  ~EtcdStore() override {
    reader_.request_stop();
    reader_etcd_.interrupt();
    writer_.interrupt();
    reader_.join();
    writes_.stop();
  }

  [[nodiscard]] std::string source() const override {
    std::string text = "etcd:";
    for (const auto& endpoint : options_.endpoints) {
      text += (text.back() == ':' ? "" : ",") + endpoint;
    }
    return text + options_.prefix;
  }
  [[nodiscard]] bool is_writable() const noexcept override { return options_.is_writable; }
  void submit(Write write, std::function<void(WriteResult)> done) override {
    writes_.submit(std::move(write), std::move(done));
  }
  void keep(const std::string& owner) override { leases_.keep(owner); }
  [[nodiscard]] StoreHealth health() const override {
    const std::scoped_lock lock(mutex_);
    return health_;
  }
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const override {
    return writes_.audit(limit);
  }

 private:
  std::shared_ptr<const Cluster> read_snapshot();
  void read(const std::stop_token& stop);
  [[nodiscard]] Result<void> follow();
  struct Identity {
    std::string store;
    std::int64_t revision = 0;
  };
  [[nodiscard]] Result<Identity> identify();
  [[nodiscard]] Result<void> read_all(const std::string& store);
  bool take(const etcd::Notice& notice);
  void connect();
  void lose(const Error& why);
  void note_problems();

  const EtcdStoreOptions options_;
  const EtcdKeys keys_;
  WriteQueue writes_;  // holds the directory's lock, so it comes first
  etcd::Client reader_etcd_;
  OwnerLeases leases_;
  EtcdWriter writer_;

  // Of the reading thread.
  EtcdTable table_;
  bool is_compacted_ = false;  // the watch cannot go on: the whole state is read again
  bool is_up_ = false;
  bool is_told_ = false;  // the loss was reported
  milliseconds retry_ = shortest_retry;

  mutable std::mutex mutex_;  // of what follows: the reading thread and health() share it
  std::condition_variable_any stopping_;
  StoreHealth health_;

  client::SnapshotSaver saver_;
  std::jthread reader_;
};

std::shared_ptr<const Cluster> EtcdStore::read_snapshot() {
  const auto file = snapshot_file(options_);
  if (file.empty()) return nullptr;
  auto snapshot = client::read_snapshot(file);
  if (snapshot) return std::move(*snapshot);
  call(options_.events.snapshot_ignored, snapshot.error());
  return nullptr;
}

void EtcdStore::read(const std::stop_token& stop) {
  std::mt19937 random{std::random_device{}()};
  while (!stop.stop_requested()) {
    const auto followed = follow();
    if (stop.stop_requested()) return;
    if (followed) continue;
    lose(followed.error());
    // Between half and all of it, so that hosts that lost one etcd do not come back as one.
    std::uniform_int_distribution<std::int64_t> jitter(retry_.count() / 2, retry_.count());
    retry_ = std::min(options_.longest_retry, 2 * retry_);
    std::unique_lock lock(mutex_);
    stopping_.wait_for(lock, stop, milliseconds(jitter(random)), [] { return false; });
  }
}

// From the last known state to the newest, and on with the watch until it ends. A watch that is
// lost is no loss yet: that is, when no endpoint answers what begins the next.
Result<void> EtcdStore::follow() {
  const auto identity = identify();
  if (!identity) return identity.error();
  const auto& known = table_.current();
  const bool goes_on = known && !is_compacted_ && known->store() == identity->store &&
                       known->revision() <= static_cast<std::uint64_t>(identity->revision);
  if (!goes_on) {
    if (known) {
      call(options_.events.restarted,
           Error{make_error_code(boost::system::errc::no_message_available),
                 is_compacted_ ? "etcd has compacted what came next" : "etcd holds another store"});
    }
    if (auto whole = read_all(identity->store); !whole) return whole;
  }
  bool has_begun = false;
  const auto from = static_cast<std::int64_t>(table_.current()->revision()) + 1;
  const auto ended = reader_etcd_.watch(keys_.all(), from, [&](const etcd::Notice& notice) {
    if (!std::exchange(has_begun, true)) connect();
    return take(notice);
  });
  return has_begun ? Result<void>() : ended;
}

// Which store this is: its first reader who may write gives it a name.
Result<EtcdStore::Identity> EtcdStore::identify() {
  const auto key = keys_.of_store();
  auto found = reader_etcd_.get({key});
  if (!found) return found.error();
  if (!found->values.empty()) return Identity{found->values[0].value, found->revision};
  if (!options_.is_writable) {
    return Error{make_error_code(boost::system::errc::no_such_file_or_directory),
                 "etcd has no " + key + ": nobody has written to this prefix yet"};
  }
  const auto made = reader_etcd_.commit(
      {.when = {{.key = key}}, .then = {etcd::Put{key, random_uuid()}}, .otherwise = {}});
  if (!made) return made.error();
  found = reader_etcd_.get({key});  // somebody else may have been first
  if (!found) return found.error();
  if (found->values.empty()) {
    return Error{make_error_code(boost::system::errc::no_such_file_or_directory),
                 "etcd has lost " + key};
  }
  return Identity{found->values[0].value, found->revision};
}

Result<void> EtcdStore::read_all(const std::string& store) {
  const auto whole = reader_etcd_.all(keys_.all());
  if (!whole) return whole.error();
  table_.replace(store, *whole);
  is_compacted_ = false;
  note_problems();
  publisher_.publish_anew(table_.current());
  writes_.reached(table_.current()->revision());
  saver_.changed();
  return {};
}

bool EtcdStore::take(const etcd::Notice& notice) {
  if (notice.type == etcd::Notice::Type::compacted) is_compacted_ = true;
  if (notice.type != etcd::Notice::Type::changes) return true;
  const auto changes = table_.apply(notice);
  note_problems();
  publisher_.publish(table_.current(), changes);
  writes_.reached(table_.current()->revision());
  saver_.changed();
  return true;
}

void EtcdStore::connect() {
  retry_ = shortest_retry;
  is_told_ = false;
  table_.set_stale(0);
  if (publisher_.cluster() != table_.current()) publisher_.publish(table_.current(), {});
  {
    const std::scoped_lock lock(mutex_);
    health_.is_connected = true;
  }
  if (!std::exchange(is_up_, true)) call(options_.events.connected);
}

void EtcdStore::lose(const Error& why) {
  const bool was_up = std::exchange(is_up_, false);
  {
    const std::scoped_lock lock(mutex_);
    health_.is_connected = false;
    health_.last_error = why.text;
  }
  if (table_.current() && table_.current()->stale_since() == 0) {
    table_.set_stale(unix_milliseconds());
    publisher_.publish(table_.current(), {});
  }
  if (was_up || !is_told_) call(options_.events.lost, why);
  is_told_ = true;
}

void EtcdStore::note_problems() {
  const auto news = table_.take_news();
  {
    const std::scoped_lock lock(mutex_);
    health_.problems.clear();
    for (const auto& [key, problem] : table_.problems()) {
      if (health_.problems.size() == Limits::problems) break;
      health_.problems.push_back(problem);
    }
  }
  for (const Problem& problem : news) call(options_.events.left_out, as_error(problem));
}

}  // namespace

std::unique_ptr<Store> open_etcd_store(EtcdStoreOptions options) {
  if (options.endpoints.empty()) throw std::invalid_argument("an etcd store needs an endpoint");
  while (options.prefix.ends_with('/')) options.prefix.pop_back();
  if (!options.prefix.starts_with('/')) {
    throw std::invalid_argument("the prefix of an etcd store begins with a slash and has a name");
  }
  return std::make_unique<EtcdStore>(std::move(options));
}

}  // namespace paddock::metadata
