// SPDX-License-Identifier: Apache-2.0
//
// The store of another metadatad: a follower reads its stream, a thread of its own forwards writes,
// many at once.
#include "remote/write_queue.hpp"
#include "store/judgement.hpp"
#include "store/published_store.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/follower.hpp>
#include <paddock/metadata/remote_store.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

namespace paddock::metadata {
namespace {

using namespace remote;
using Clock = std::chrono::steady_clock;
using Status = WriteResult::Status;

constexpr std::chrono::seconds owner_interval{5};  // between two words on who lives
constexpr std::chrono::seconds owner_time{20};  // who is silent for so long is spoken for no more
// So many writes are under way at once, each on a connection of its own: the other metadatad
// commits together what comes together, but answers one connection's requests in turn.
constexpr std::size_t lanes = 16;

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// What the other metadatad says of a refusal: docs/stream-api.md, "Errors".
void read_problem(const std::string& body, WriteResult& result) {
  const auto problem = nlohmann::json::parse(body, nullptr, false);
  if (!problem.is_object()) return;
  result.text = text_of(problem, "detail");
  const auto errors = problem.find("errors");
  if (errors == problem.end() || !errors->is_array()) return;
  for (const auto& error : *errors) {
    if (!error.is_object()) continue;
    result.problems.push_back({text_of(error, "field"), text_of(error, "message"), "", 0, ""});
  }
}

std::uint64_t revision_of(std::string_view tag) {
  std::uint64_t revision = 0;
  if (tag.starts_with('"')) std::from_chars(tag.data() + 1, tag.data() + tag.size(), revision);
  return revision;
}

Status status_of(int code, bool is_unchanged) {
  switch (code) {
    case 200:
      return is_unchanged ? Status::unchanged : Status::changed;
    case 201:
      return Status::created;
    case 204:
      return Status::deleted;
    case 403:
    case 405:
      return Status::read_only;
    case 404:
      return Status::not_found;
    case 412:
      return Status::precondition_failed;
    case 422:
      return Status::invalid;
    case 507:
      return Status::disk_full;
    case 401:
    case 429:
    case 502:
    case 503:
    case 504:
      return Status::unavailable;
    default:
      return Status::failed;
  }
}

ClientRequest request_of(const Write& write) {
  const Key key = key_of(write);
  ClientRequest request{.method = write.object ? "PUT" : "DELETE", .target = "/v1/" + format(key)};
  if (write.object) {
    request.body = format_json(*write.object);
    request.headers.emplace_back("Content-Type", "application/json");
    if (!write.owner.empty()) request.target += "?owner=" + write.owner;
  }
  if (write.if_match) {
    request.headers.emplace_back("If-Match", "\"" + std::to_string(*write.if_match) + "\"");
  }
  if (write.only_create) request.headers.emplace_back("If-None-Match", "*");
  if (!write.who.empty()) request.headers.emplace_back("Paddock-For", write.who);
  return request;
}

class PaddockStore final : public PublishedStore {
 public:
  explicit PaddockStore(PaddockStoreOptions given)
      : PublishedStore(given.history, Publisher::Resume::at_published_revisions),
        options_(std::move(given)),
        writes_(options_),
        follower_(follower_options()) {
    for (std::size_t i = 0; i < lanes; ++i) {
      clients_.emplace_back(ClientOptions{
          .server = options_.server, .access = options_.access, .timeout = options_.timeout});
    }
    if (auto known = follower_.cluster()) publisher_.publish(std::move(known), {});
    writes_.start(
        {[this](const Writes& writes, std::int64_t now) { return make_each(writes, now); },
         [this] { return speak_for_owners(); }});
    follower_.start();
  }

  ~PaddockStore() override {
    follower_.stop();
    for (Client& client : clients_) client.interrupt();
    writes_.stop();
  }

  [[nodiscard]] std::string source() const override { return "paddock:" + options_.server; }
  [[nodiscard]] bool is_writable() const noexcept override { return options_.is_writable; }
  void submit(Write write, std::function<void(WriteResult)> done) override {
    writes_.submit(std::move(write), std::move(done));
  }
  void keep(const std::string& owner) override {
    const std::scoped_lock lock(owners_mutex_);
    owners_[owner] = Clock::now() + owner_time;
  }
  [[nodiscard]] StoreHealth health() const override {
    const auto status = follower_.status();
    return {.is_connected = status.is_connected, .last_error = status.last_error, .problems = {}};
  }
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const override {
    return writes_.audit(limit);
  }

 private:
  FollowerOptions follower_options();
  void publish(const std::shared_ptr<const Cluster>& next);
  [[nodiscard]] std::vector<Made> make_each(const Writes& writes, std::int64_t now);
  [[nodiscard]] std::vector<std::size_t> send_some(const Writes& writes,
                                                   std::vector<std::size_t>& left);
  [[nodiscard]] Made outcome(const Write& write, const ObjectPtr& before, Client& client,
                             std::int64_t now);
  Clock::time_point speak_for_owners();

  const PaddockStoreOptions options_;
  WriteQueue writes_;
  std::vector<Client> clients_;        // of the writing thread; each connects when it is needed
  std::atomic<bool> is_anew_ = false;  // the next state does not follow from the last
  Clock::time_point speak_at_ = Clock::now();
  std::mutex owners_mutex_;  // anybody may keep an owner
  std::map<std::string, Clock::time_point> owners_;
  Follower follower_;  // calls the others, so it ends before them
};

FollowerOptions PaddockStore::follower_options() {
  FollowerOptions follower;
  follower.server = options_.server;
  follower.access = options_.access;
  follower.reduction = options_.reduction;
  follower.heartbeat = options_.heartbeat;
  follower.save_after = options_.save_after;
  follower.longest_retry = options_.longest_retry;
  if (!options_.directory.empty()) {
    follower.snapshot_file = (options_.directory / "cluster.snapshot").string();
  }
  follower.events.connected = options_.events.connected;
  follower.events.lost = options_.events.lost;
  follower.events.broken_event = options_.events.left_out;
  follower.events.snapshot_ignored = options_.events.snapshot_ignored;
  follower.events.snapshot_failed = options_.events.snapshot_failed;
  follower.events.restarted = [this](const Error& why) {
    is_anew_ = true;
    if (options_.events.restarted) options_.events.restarted(why);
  };
  follower.events.published = [this](const auto& next) { publish(next); };
  return follower;
}

// The stream skips states, so a change is one of the whole step: nobody can resume within it.
void PaddockStore::publish(const std::shared_ptr<const Cluster>& next) {
  const auto before = publisher_.cluster();
  if (!before || is_anew_.exchange(false)) {
    publisher_.publish_anew(next);
  } else if (options_.history == 0) {
    publisher_.publish(next, {});
  } else {
    std::vector<Change> changes;
    diff(*before, *next, [&](const Difference& difference) {
      changes.push_back({next->revision(), difference.either().key()});
      return true;
    });
    publisher_.publish(next, changes);
  }
  writes_.reached(next->revision());
}

std::vector<Made> PaddockStore::make_each(const Writes& writes, std::int64_t now) {
  std::vector<Made> made(writes.size());
  std::vector<std::size_t> left(writes.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  while (!left.empty()) {
    const auto known = cluster();  // the stream may be faster than the answers
    auto client = clients_.begin();
    for (const std::size_t place : send_some(writes, left)) {
      const ObjectPtr before = known ? known->find(key_of(*writes[place])) : nullptr;
      made[place] = outcome(*writes[place], before, *client++, now);
    }
  }
  return made;
}

// Begins one write with each client, and says which; `left` are the others. Those of one object go
// one after the other.
std::vector<std::size_t> PaddockStore::send_some(const Writes& writes,
                                                 std::vector<std::size_t>& left) {
  std::vector<std::size_t> sent;
  std::vector<std::size_t> later;
  std::set<Key> keys;
  for (const std::size_t place : left) {
    if (sent.size() == clients_.size() || !keys.insert(key_of(*writes[place])).second) {
      later.push_back(place);
      continue;
    }
    clients_[sent.size()].begin(request_of(*writes[place]));
    sent.push_back(place);
  }
  left.swap(later);
  return sent;
}

// Of a write that the client has begun; `before` is what was known of its object then.
Made PaddockStore::outcome(const Write& write, const ObjectPtr& before, Client& client,
                           std::int64_t now) {
  const Key key = key_of(write);
  Made made;
  WriteResult& result = made.result;
  const auto response = client.finish();
  if (!response) {
    result.status = Status::unavailable;
    result.text = response.error().text + "; the change may still be made";
    client.turn_to_next_server();
    return made;
  }
  result.revision = revision_of(response->header("etag"));
  result.status = status_of(response->status, before && before->revision == result.revision);
  if (!response->is_success()) {
    if (result.status == Status::unavailable) client.turn_to_next_server();
    read_problem(response->body, result);
    const auto* endpoints = as<Endpoints>(before.get());
    if (result.status == Status::read_only && endpoints != nullptr && endpoints->derived) {
      result.status = Status::derived;
    }
    return made;
  }
  if (response->status == 204) {
    result.object = before;
    const auto revision = response->header("paddock-revision");
    std::from_chars(revision.data(), revision.data() + revision.size(), result.revision);
  } else {
    Parsed stored = parse_object(response->body, &key);
    if (stored.object) stored.object->revision = result.revision;
    result.object = std::move(stored.object);
  }
  if (result.status != Status::unchanged) {
    const bool is_there = write.object && result.object;
    made.audit = audit_line(write, result.revision, now, before.get(),
                            is_there ? format_json(*result.object) : std::string());
  }
  return made;
}

Clock::time_point PaddockStore::speak_for_owners() {
  const auto now = Clock::now();
  if (now < speak_at_) return speak_at_;
  speak_at_ = now + owner_interval;
  std::vector<std::string> alive;
  {
    const std::scoped_lock lock(owners_mutex_);
    std::erase_if(owners_, [&](const auto& owner) { return owner.second < now; });
    for (const auto& [owner, until] : owners_) alive.push_back(owner);
  }
  for (const auto& owner : alive) {
    // An older metadatad does not know it; one that is away hears it the next time.
    if (!clients_.front().send({.method = "POST", .target = "/v1/owners/" + owner})) break;
  }
  return speak_at_;
}

}  // namespace

std::unique_ptr<Store> open_paddock_store(PaddockStoreOptions options) {
  return std::make_unique<PaddockStore>(std::move(options));
}

}  // namespace paddock::metadata
