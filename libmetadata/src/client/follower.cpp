// SPDX-License-Identifier: Apache-2.0
#include "client/snapshot_saver.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/follower.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace paddock::metadata {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::int64_t unix_milliseconds() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class... Arguments>
void call(const std::function<void(Arguments...)>& event,
          const std::type_identity_t<Arguments>&... arguments) {
  if (event) event(arguments...);
}

// Why the server answered something else than a stream.
Error refusal(const ClientResponse& response) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  std::string why = "HTTP status " + std::to_string(response.status);
  if (body.is_object() && body.contains("detail") && body["detail"].is_string()) {
    why = body["detail"].get<std::string>();
  }
  return {make_error_code(boost::system::errc::protocol_error), "follow the stream: " + why};
}

}  // namespace

// Everything but what is marked belongs to the follower's thread once it runs.
struct Follower::State {
  explicit State(FollowerOptions given)
      : options(std::move(given)),
        client(ClientOptions{
            .server = options.server, .access = options.access, .timeout = 3 * options.heartbeat}),
        random(std::random_device{}()) {}

  void run();
  void follow_once();
  bool take_line(std::string_view line);
  void take_put(ObjectPtr object);
  void reach(const Cluster::Stamp& stamp);
  void lose(const Error& why);
  void publish(const Cluster::Stamp& stamp);
  void wait_before_retry();
  [[nodiscard]] std::string target() const;
  [[nodiscard]] bool is_stopping() const {
    const std::scoped_lock lock(mutex);
    return stop_asked;
  }

  FollowerOptions options;
  Client client;  // interrupt() from any thread
  std::mt19937 random;
  Draft draft;
  bool is_initial = false;        // the whole state is being read into the draft
  bool is_of_other_form = false;  // what is known is what another reduction kept
  bool is_up = false;             // past the first bookmark of this connection
  bool is_told = false;           // the loss was reported
  milliseconds retry{0};
  std::optional<client::SnapshotSaver> saver;  // from start() to stop()
  std::thread thread;

  mutable std::mutex mutex;  // of what follows: consumers wait on it from threads of their own
  mutable std::condition_variable changed;
  std::shared_ptr<const Cluster> current;
  FollowerStatus status;
  bool stop_asked = false;
};

std::string Follower::State::target() const {
  const auto seconds = std::clamp<std::int64_t>(
      std::chrono::ceil<std::chrono::seconds>(options.heartbeat).count(), 1, 60);
  std::string text = "/v1/cluster?watch=true&heartbeat=" + std::to_string(seconds);
  if (options.reduction.part != Part::all) {
    text.append("&part=").append(name_of(options.reduction.part));
  }
  if (!is_initial) {
    text += "&since=" + std::to_string(current->revision()) + "&store=" + current->store();
  }
  return text;
}

void Follower::State::run() {
  retry = options.shortest_retry;
  is_initial = current == nullptr || is_of_other_form;
  if (is_of_other_form) {
    call(options.events.restarted,
         Error{make_error_code(boost::system::errc::bad_message),
               "the snapshot keeps another part of the cluster than is wanted now"});
  }
  while (!is_stopping()) {
    follow_once();
    if (!is_stopping()) wait_before_retry();
  }
}

void Follower::State::follow_once() {
  draft = is_initial || current == nullptr ? Draft() : Draft(*current);
  is_up = false;
  const auto response = client.lines(target(), 3 * options.heartbeat,
                                     [this](std::string_view line) { return take_line(line); });
  if (is_stopping()) return;
  if (response && response->status == 410) {
    is_initial = true;
    retry = milliseconds(0);
    call(options.events.restarted, refusal(*response));
    return;
  }
  client.turn_to_next_server();
  if (!response) {
    lose(response.error());
  } else if (response->status != 200) {
    lose(refusal(*response));
  } else {
    lose({make_error_code(boost::system::errc::connection_reset), "the server ended the stream"});
  }
}

bool Follower::State::take_line(std::string_view line) {
  auto event = decode_event(line);
  if (!event) {
    call(options.events.broken_event, event.error());
    return !is_stopping();
  }
  switch (event->type) {
    case Event::Type::put:
      take_put(std::move(event->object));
      break;
    case Event::Type::erase:
      draft.erase(event->key);
      break;
    case Event::Type::bookmark:
      reach({event->store, event->revision, event->stale_since});
      break;
    case Event::Type::heartbeat:
      if (is_up && current->stale_since() != event->stale_since) {
        Cluster::Stamp stamp = current->stamp();
        stamp.stale_since = event->stale_since;
        publish(stamp);
      }
      break;
  }
  return !is_stopping();
}

// An object that is what it was stays the one that it was, also when the whole state is read
// again: a difference of the two states is then what really changed.
void Follower::State::take_put(ObjectPtr object) {
  if (const auto& keep = options.reduction.keep) {
    const ObjectPtr whole = std::move(object);
    object = keep(whole);
    if (!object) {
      draft.erase(whole->key());
      return;
    }
  }
  if (current) {
    const ObjectPtr known = current->find(object->key());
    if (known && equal(*known, *object)) object = known;
  }
  draft.put(std::move(object));
}

void Follower::State::reach(const Cluster::Stamp& stamp) {
  const bool is_first = !std::exchange(is_up, true);
  if (is_first) {
    is_initial = false;
    is_told = false;
    retry = options.shortest_retry;
    const std::scoped_lock lock(mutex);
    status.is_connected = true;
    ++status.connections;
  }
  const bool is_new = current == nullptr || current->revision() != stamp.revision ||
                      current->store() != stamp.store;
  if (is_new || is_first || current->stale_since() != stamp.stale_since) publish(stamp);
  if (is_new || std::exchange(is_of_other_form, false)) saver->changed();
  if (is_first) call(options.events.connected);
}

void Follower::State::publish(const Cluster::Stamp& stamp) {
  auto next = draft.build(stamp);
  {
    const std::scoped_lock lock(mutex);
    current = next;
    status.revision = stamp.revision;
    status.stale_since = stamp.stale_since;
  }
  changed.notify_all();
  call(options.events.published, next);
}

void Follower::State::lose(const Error& why) {
  const bool was_up = std::exchange(is_up, false);
  {
    const std::scoped_lock lock(mutex);
    status.is_connected = false;
    status.last_error = why.text;
    if (status.stale_since == 0) status.stale_since = unix_milliseconds();
  }
  if (current && current->stale_since() == 0) {
    draft = Draft(*current);
    Cluster::Stamp stamp = current->stamp();
    stamp.stale_since = unix_milliseconds();
    publish(stamp);
  }
  if (was_up || !is_told) call(options.events.lost, why);
  is_told = true;
}

void Follower::State::wait_before_retry() {
  const auto most = std::exchange(retry, std::min(options.longest_retry, 2 * retry));
  retry = std::max(retry, options.shortest_retry);
  // Between half and all of it, so that followers of one server do not come back as one.
  std::uniform_int_distribution<std::int64_t> jitter(most.count() / 2, most.count());
  std::unique_lock lock(mutex);
  changed.wait_for(lock, milliseconds(jitter(random)), [this] { return stop_asked; });
}

Follower::Follower(FollowerOptions options) : state_(std::make_unique<State>(std::move(options))) {
  const auto& file = state_->options.snapshot_file;
  if (file.empty()) return;
  auto snapshot = client::read_snapshot(file, state_->options.reduction);
  if (!snapshot) {
    call(state_->options.events.snapshot_ignored, snapshot.error());
  } else if (snapshot->cluster) {
    state_->current = std::move(snapshot->cluster);
    state_->is_of_other_form = snapshot->form != state_->options.reduction.form;
    state_->status.revision = state_->current->revision();
    state_->status.stale_since = state_->current->stale_since();
  }
}

Follower::~Follower() { stop(); }

void Follower::start() {
  const auto& options = state_->options;
  state_->saver.emplace(
      options.snapshot_file, options.save_after, [this] { return cluster(); },
      options.events.snapshot_failed, options.reduction.form);
  state_->thread = std::thread([this] { state_->run(); });
}

void Follower::stop() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stop_asked = true;
  }
  state_->client.interrupt();
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  state_->saver.reset();
}

std::shared_ptr<const Cluster> Follower::cluster() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->current;
}

std::shared_ptr<const Cluster> Follower::next(const std::shared_ptr<const Cluster>& seen,
                                              Clock::time_point deadline) const {
  std::unique_lock lock(state_->mutex);
  const auto is_due = [&] { return state_->stop_asked || state_->current != seen; };
  if (deadline == Clock::time_point::max()) {
    state_->changed.wait(lock, is_due);
  } else {
    state_->changed.wait_until(lock, deadline, is_due);
  }
  return state_->stop_asked || state_->current == seen ? nullptr : state_->current;
}

FollowerStatus Follower::status() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->status;
}

}  // namespace paddock::metadata
