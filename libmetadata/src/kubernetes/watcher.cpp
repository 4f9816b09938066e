// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/watcher.hpp"

#include "kubernetes/list_reader.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace paddock::metadata::kubernetes {
namespace {

using Clock = std::chrono::steady_clock;
using boost::system::errc::make_error_code;
namespace errc = boost::system::errc;

constexpr std::size_t longest_line = std::size_t{64} << 20;
constexpr std::chrono::seconds missing_retry{60};
constexpr std::chrono::seconds shortest_watch{1};  // one that ends sooner is not asked at once
constexpr auto in_pages = "limit=500";
constexpr auto in_one_piece = "limit=0";

// Marks the end of what was there when a streaming list began.
constexpr std::string_view initial_end = "k8s.io/initial-events-end";

// What an error body says: a Status, or bare text.
std::string message_of(const Json& status, std::string_view body) {
  if (const auto message = text_at(status, "message"); !message.empty()) {
    return std::string(message);
  }
  return std::string(body.substr(0, std::min(body.find('\n'), std::size_t{200})));
}

bool is_from_the_future(const Json& status) {
  const Json& causes = list_at(at(status, "details"), "causes");
  return std::any_of(causes.begin(), causes.end(), [](const Json& cause) {
    return text_at(cause, "reason") == "ResourceVersionTooLarge";
  });
}

}  // namespace

Watcher::Watcher(ClientOptions server, Resource resource, WatchTimes times, Inbox& inbox)
    : resource_(std::move(resource)),
      times_(times),
      inbox_(inbox),
      client_(std::move(server)),
      retry_(times.shortest_retry) {}

void Watcher::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const End end = !version_.empty()             ? watch("resourceVersion=" + version_, false)
                    : can_stream_ && !lists_next_ ? stream_list()
                                                  : list();
    if (stop.stop_requested()) return;
    if (end.kind == End::Kind::missing && turn_to_other_version()) continue;
    note_end(end);
    wait(end, stop);
  }
}

ClientRequest Watcher::request(const std::string& query) const {
  std::string target = (asks_older_ ? resource_.older : resource_.path) + "?" + query;
  if (!resource_.selector.empty()) target += "&" + resource_.selector;
  return {.method = "GET",
          .target = std::move(target),
          .headers = {{"Accept", "application/json"}, {"User-Agent", "paddock-metadatad"}},
          .body = {}};
}

// Pages of one list are of one version. What was told before a page failed is told again.
Watcher::End Watcher::list() {
  inbox_.begin_list();
  // Where even the first list failed, what the server has at hand will do.
  const bool is_any_good = std::exchange(lists_next_, false) && !has_listed_;
  const std::string limit = std::exchange(is_outrun_, false) ? in_one_piece : in_pages;
  std::string query = limit + (is_any_good ? "&resourceVersion=0" : "");
  std::string version;
  while (!query.empty()) {
    std::string next;
    if (End end = list_page(query, next, version); end.kind != End::Kind::done) {
      is_outrun_ = end.kind == End::Kind::expired && !version.empty();
      return end;
    }
    query = next.empty() ? "" : limit + "&continue=" + next;
  }
  inbox_.end_list();
  has_listed_ = true;
  version_ = std::move(version);
  note_connected();
  return {};
}

Watcher::End Watcher::list_page(const std::string& query, std::string& next, std::string& version) {
  bool is_readable = true;  // all items so far: one that is not would be taken for gone
  ListReader reader([&](std::string_view text) {
    const Json object = Json::parse(text, nullptr, false);
    is_readable = is_readable && object.is_object();
    if (is_readable) inbox_.put(object);
  });
  bool is_right = true;
  const auto take = [&](std::string_view piece) {
    return is_right = reader.feed(piece) && is_readable;
  };
  const auto answer =
      client_.stream(request(query), {.head = times_.head, .silence = times_.head}, take);
  if (!answer) return judge(answer.error());
  if (answer->status != 200) return judge(*answer);
  if (!is_right || !reader.is_whole() || reader.resource_version().empty()) {
    const std::string why = !is_readable                ? "an item of the list is no JSON"
                            : !reader.problem().empty() ? reader.problem()
                            : reader.is_whole()         ? "the list has no resourceVersion"
                                                        : "the list ends early";
    return {.kind = End::Kind::failed,
            .why = {make_error_code(errc::bad_message), resource_.path + ": " + why}};
  }
  next = reader.next_page();
  version = reader.resource_version();
  return {};
}

// A list and the watch behind it in one answer (sendInitialEvents, on by default since 1.34).
Watcher::End Watcher::stream_list() {
  inbox_.begin_list();
  End end = watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", true);
  // A server whose own store is away begins no such answer, but may still list.
  if (end.kind == End::Kind::failed) lists_next_ = true;
  return end;
}

Watcher::End Watcher::watch(const std::string& query, bool is_list) {
  std::uniform_int_distribution<std::int64_t> jitter(0, times_.watch.count());
  const auto limit = std::to_string(times_.watch.count() + jitter(random_));
  const auto begun = Clock::now();
  bool has_begun = false;
  bool has_told = false;
  std::string line;
  End end;
  const auto take = [&](std::string_view piece) {
    if (!std::exchange(has_begun, true) && !is_list) note_connected();
    for (;;) {
      const auto newline = piece.find('\n');
      line.append(piece.substr(0, newline));
      if (newline == std::string_view::npos) return line.size() <= longest_line;
      piece.remove_prefix(newline + 1);
      has_told = true;
      if (!line.empty() && !take_event(line, is_list, end)) return false;
      line.clear();
    }
  };
  const auto answer = client_.stream(
      request("watch=1&allowWatchBookmarks=true&timeoutSeconds=" + limit + "&" + query),
      {.head = times_.head, .silence = times_.silence}, take);
  if (end.kind != End::Kind::done) return end;
  if (answer && answer->status != 200) return judge(*answer);
  if (is_list || !has_begun) {
    if (!answer) return judge(answer.error());
    return {.kind = End::Kind::failed,
            .why = {make_error_code(errc::connection_reset),
                    resource_.path + ": the streaming list ended early"}};
  }
  // Silence without one bookmark: the version may be one that this server has not come to yet, as
  // after its store was restored.
  if (!answer && answer.error().code == errc::timed_out && !has_told) {
    return {.kind = End::Kind::expired, .why = answer.error()};
  }
  // A watch that ends, or is cut, is no loss: that is, when the next cannot begin.
  return {.kind = Clock::now() - begun >= shortest_watch ? End::Kind::done : End::Kind::idle};
}

bool Watcher::take_event(std::string_view line, bool& is_list, End& end) {
  const Json event = Json::parse(line, nullptr, false);
  const Json& object = at(event, "object");
  const std::string_view type = text_at(event, "type");
  if (type == "BOOKMARK") return take_bookmark(object, is_list);
  if (type == "ERROR") {
    const auto code = number_at(object, "code", 999);
    const bool is_old = code == 410 || is_from_the_future(object);
    // Whatever else a server says is wrong with a watch, it may be wrong with the version.
    version_.clear();
    end = {.kind = is_old ? End::Kind::expired : End::Kind::failed,
           .why = {make_error_code(errc::protocol_error),
                   resource_.path + ": " + std::to_string(code) + " " + message_of(object, "")}};
    return false;
  }
  if (!object.is_object()) {
    end = {.kind = End::Kind::failed,
           .why = {make_error_code(errc::bad_message), resource_.path + ": an event is no JSON"}};
    return false;
  }
  if (type == "ADDED" || type == "MODIFIED") inbox_.put(object);
  if (type == "DELETED") inbox_.erase(object);
  // The objects of a streaming list come with versions in no order.
  if (!is_list) version_ = text_at(at(object, "metadata"), "resourceVersion");
  retry_ = times_.shortest_retry;
  return true;
}

bool Watcher::take_bookmark(const Json& object, bool& is_list) {
  const Json& metadata = at(object, "metadata");
  const bool is_initial_end = text_at(at(metadata, "annotations"), initial_end) == "true";
  if (is_list && !is_initial_end) return true;
  version_ = text_at(metadata, "resourceVersion");
  if (is_list) {
    is_list = false;
    has_listed_ = true;
    inbox_.end_list();
    note_connected();
  }
  return true;
}

Watcher::End Watcher::judge(const ClientResponse& response) const {
  const Json status = Json::parse(response.body, nullptr, false);
  End end{.kind = End::Kind::failed,
          .why = {make_error_code(errc::protocol_error), resource_.path + ": " +
                                                             std::to_string(response.status) + " " +
                                                             message_of(status, response.body)},
          .retry_after = response.retry_after()};
  if (response.status == 410 || is_from_the_future(status)) end.kind = End::Kind::expired;
  if (response.status == 404 && resource_.may_be_missing) end.kind = End::Kind::missing;
  const bool is_refused = response.status == 400 || response.status == 422;
  if (is_refused && can_stream_ && version_.empty()) end.kind = End::Kind::unsupported;
  return end;
}

Watcher::End Watcher::judge(const Error& why) const {
  return {.kind = End::Kind::failed, .why = {why.code, resource_.path + ": " + why.text}};
}

bool Watcher::turn_to_other_version() {
  if (resource_.older.empty()) return false;
  asks_older_ = !asks_older_;
  version_.clear();
  return !std::exchange(is_other_missing_, !is_other_missing_);
}

void Watcher::note_connected() {
  is_other_missing_ = false;
  retry_ = times_.shortest_retry;
  is_told_ = false;
  if (!std::exchange(is_connected_, true)) inbox_.connected();
}

void Watcher::note_end(const End& end) {
  switch (end.kind) {
    case End::Kind::done:
    case End::Kind::idle:
      return;
    case End::Kind::expired:
      version_.clear();
      return;
    case End::Kind::unsupported:
      can_stream_ = false;
      return;
    case End::Kind::missing:
      inbox_.begin_list();
      inbox_.end_list();
      note_connected();
      return;
    case End::Kind::failed:
      if (std::exchange(is_connected_, false) || !is_told_) inbox_.lost(end.why);
      is_told_ = true;
  }
}

void Watcher::wait(const End& end, const std::stop_token& stop) {
  if (end.kind == End::Kind::done || end.kind == End::Kind::unsupported) return;
  // Between half and all of it, so that hosts that lost one server do not come back as one.
  std::uniform_int_distribution<std::int64_t> jitter(retry_.count() / 2, retry_.count());
  std::chrono::milliseconds pause(jitter(random_));
  retry_ = std::min(times_.longest_retry, 2 * retry_);
  if (end.retry_after) pause = std::max<std::chrono::milliseconds>(pause, *end.retry_after);
  if (end.kind == End::Kind::missing) pause = missing_retry;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, pause, [] { return false; });
}

}  // namespace paddock::metadata::kubernetes
