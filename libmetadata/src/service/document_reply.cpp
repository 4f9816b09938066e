// SPDX-License-Identifier: Apache-2.0
#include "service/document_reply.hpp"

#include "documents/render.hpp"
#include "service/entity_tag.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace paddock::metadata::service {
namespace {

using documents::Form;
using documents::MediaType;
using documents::Node;
using documents::Version;
using documents::View;
using Clock = std::chrono::steady_clock;

constexpr std::size_t whole_bytes = 64 * 1024;  // a larger JSON document is sent in chunks
constexpr std::string_view cors = "Access-Control-Allow-Origin: *\r\n";
constexpr std::string_view sniffing = "X-Content-Type-Options: nosniff\r\n";
constexpr double default_wait = 60;
constexpr double longest_wait = 120;

Response plain(int status, std::string_view text) {
  return {.status = status,
          .content_type = "text/plain; charset=utf-8",
          .headers = std::string(sniffing),
          .body = std::string(text)};
}

// A routed path that is not there.
Response missing(const MediaType& media, std::string_view message) {
  Response response{.status = 404, .content_type = media.content_type};
  response.headers.append(cors).append(sniffing);
  std::string& body = response.body;
  switch (media.form) {
    case Form::text:
      body.append(message).append("\n");
      break;
    case Form::json:
      body.append(R"({"code":404,"message":")").append(message).append("\",\"type\":\"error\"}\n");
      break;
    case Form::yaml:
      body.append("code: 404\nmessage: ").append(message).append("\ntype: error\n\n");
      break;
  }
  return response;
}

// What a strong tag is made of: equal bytes, equal tag.
std::string tag_of(std::string_view body) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char c : body) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3U;
  }
  char tag[19] = {'"'};
  char* end = std::to_chars(tag + 1, tag + 17, value, 16).ptr;
  *end++ = '"';
  return {tag, end};
}

// The JSON of a large document, made as it is read.
class RenderedJson final : public ChunkSource {
 public:
  RenderedJson(std::shared_ptr<const View> view, documents::JsonRenderer renderer, std::string head)
      : view_(std::move(view)), renderer_(std::move(renderer)), text_(std::move(head)) {}
  Chunk next() override {
    if (text_.empty() && !is_done_) is_done_ = !renderer_.append(text_, whole_bytes);
    if (text_.empty()) return {};
    return {Chunk::State::data, std::make_shared<const std::string>(std::exchange(text_, {})), {}};
  }

 private:
  std::shared_ptr<const View> view_;  // the nodes borrow from it
  documents::JsonRenderer renderer_;
  std::string text_;
  bool is_done_ = false;
};

Response found(const std::shared_ptr<const View>& view, const Node& node,
               const DocumentQuestion& question) {
  Response response{.content_type = question.media.content_type, .headers = std::string(cors)};
  response.headers += "Vary: Accept\r\n";
  std::string tag;
  if (question.media.form == Form::json) {
    documents::JsonRenderer renderer(node);
    if (renderer.append(response.body, whole_bytes)) {
      // Too large to be made before it is sent: the tag says of which state it is, and for whom.
      tag = "W/\"" + view->snapshot->version() +
            (view->client ? "." + documents::uuid_from(view->client->uid.view()) : std::string()) +
            "\"";
      response.stream = std::make_unique<RenderedJson>(view, std::move(renderer),
                                                       std::exchange(response.body, {}));
    }
  } else if (question.media.form == Form::yaml) {
    response.body = documents::render_yaml(node);
  } else {
    response.body = documents::render_text(node);
  }
  if (tag.empty()) tag = tag_of(response.body);
  response.headers.append("ETag: ").append(tag).append("\r\n");
  const std::string_view opaque = std::string_view(tag).substr(tag.starts_with("W/") ? 2 : 0);
  if (!question.known_tag.empty() && lists_tag(question.known_tag, opaque, Comparison::weak)) {
    return {.status = 304, .headers = std::move(response.headers)};
  }
  if (response.body.empty() && !response.stream) response.content_type = {};
  return response;
}

// "//", "/./" and "/../" cleaned; the path itself when there is nothing to clean.
std::string clean(std::string_view path) {
  std::vector<std::string_view> kept;
  bool is_directory = path.ends_with('/');
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") kept.push_back(segment);
    if (rest.empty() && (segment == "." || segment == "..")) is_directory = false;
  }
  std::string cleaned;
  for (const auto segment : kept) cleaned.append("/").append(segment);
  if (is_directory || kept.empty()) cleaned += '/';
  return cleaned;
}

// Seconds, to the tenth and finer; the default when absent, malformed or negative.
Clock::duration wait_time(const std::optional<std::string>& text) {
  double seconds = default_wait;
  if (text) {
    double given = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), given);
    if (failed == std::errc{} && end == text->data() + text->size() && std::isfinite(given) &&
        given >= 0) {
      seconds = std::min(given, longest_wait);
    }
  }
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

// Answers when the value is there and another than the client knows.
class DocumentWorker::Wait final : public LongPoll {
 public:
  Wait(DocumentWorker& worker, ConnectionId id, DocumentQuestion question, std::string value)
      : worker_(worker), id_(id), question_(std::move(question)), value_(std::move(value)) {
    worker_.waiting_.insert(id_);
  }
  ~Wait() override { worker_.waiting_.erase(id_); }
  std::optional<Response> poll(bool expired) override {
    return worker_.answer(question_, expired ? nullptr : &value_);
  }

 private:
  DocumentWorker& worker_;
  ConnectionId id_;
  DocumentQuestion question_;
  std::string value_;
};

const std::string& ReplyCache::key_of(const Request& request, bool trust_forwarded_for) {
  key_.clear();
  if (!request.query.empty() || (request.method != "GET" && !request.is_head())) return key_;
  std::string_view accept;
  std::string_view forwarded;
  bool is_forwarded = false;
  for (const auto& [name, value] : request.headers) {
    // Told apart by length: most headers are neither.
    if (name.size() == 13 && !request.header("If-None-Match").value_or("").empty()) return key_;
    if (name.size() == 6 && accept.empty()) accept = request.header("Accept").value_or("");
    if (name.size() == 15 && trust_forwarded_for) {
      const auto client = request.header("X-Forwarded-For");
      is_forwarded = client.has_value();
      forwarded = client.value_or("");
    }
  }
  // No header value and no path has a zero byte: no two requests have one key by accident.
  key_.append(request.path).append(1, '\0').append(accept).append(1, '\0');
  if (is_forwarded) {
    key_.append(1, 'f').append(forwarded);
  } else if (request.peer->is_local) {
    key_.append(1, 'l');
  } else if (request.peer->address.is_v4()) {
    const auto bytes = request.peer->address.to_v4().to_bytes();
    key_.append(1, '4').append(bytes.begin(), bytes.end());
  } else {
    const auto bytes = request.peer->address.to_v6().to_bytes();
    key_.append(1, '6').append(bytes.begin(), bytes.end());
  }
  return key_;
}

std::optional<Response> ReplyCache::find(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  return Response{
      .content_type = entry.content_type, .headers = entry.headers, .shared_body = entry.body};
}

Response ReplyCache::keep(const std::string& key, Response response) {
  constexpr std::size_t entry_limit = 256 * 1024;
  constexpr std::size_t limit = 16 * 1024 * 1024;
  constexpr std::size_t overhead = 256;  // of an entry, about
  if (key.empty() || response.status != 200 || response.stream || response.wait ||
      response.body.size() > entry_limit) {
    return response;
  }
  const std::size_t bytes = key.size() + response.headers.size() + response.body.size() + overhead;
  if (bytes_ + bytes > limit) clear();
  bytes_ += bytes;
  response.shared_body = std::make_shared<const std::string>(std::move(response.body));
  entries_.insert_or_assign(key,
                            Entry{response.content_type, response.headers, response.shared_body});
  return response;
}

void ReplyCache::clear() {
  entries_.clear();
  bytes_ = 0;
}

DocumentWorker::DocumentWorker(const DocumentOptions& options, HttpOptions http)
    : options_(options),
      server(std::move(http), [this](const Request& request) { return serve(request); }) {}

void DocumentWorker::take(std::shared_ptr<const documents::Snapshot> snapshot) {
  const bool is_changed = !snapshot_ || snapshot_->version() != snapshot->version();
  snapshot_ = std::move(snapshot);
  if (!is_changed) return;
  cache_.clear();
  for (const ConnectionId id : waiting_) server.wake(id);
}

std::optional<boost::asio::ip::address> DocumentWorker::client_of(const Request& request) const {
  if (options_.trust_forwarded_for) {
    if (const auto forwarded = request.header("X-Forwarded-For")) {
      boost::system::error_code failed;
      const auto address = boost::asio::ip::make_address(std::string(*forwarded), failed);
      return failed ? std::nullopt : std::optional(address);
    }
  }
  if (request.peer->is_local) return std::nullopt;
  return request.peer->address;
}

std::shared_ptr<const View> DocumentWorker::view_of(const DocumentQuestion& question) const {
  auto view = std::make_shared<View>();
  view->snapshot = snapshot_;
  view->version = question.version;
  const Cluster& cluster = *snapshot_->cluster();
  if (question.client) view->client = cluster.pod_at(*question.client).get();
  const std::string_view host = view->client && !view->client->host.empty()
                                    ? view->client->host.view()
                                    : std::string_view(options_.host);
  if (!host.empty()) view->host = cluster.find<Host>(host).get();
  return view;
}

std::optional<Response> DocumentWorker::answer(const DocumentQuestion& question,
                                               const std::string* unwanted) const {
  const auto view = view_of(question);
  const auto node = documents::find(documents::root(*view), question.path);
  if (!node) {
    if (unwanted != nullptr) return std::nullopt;
    return missing(question.media, "Not found");
  }
  if (unwanted != nullptr && !is_container(*node) && documents::render_text(*node) == *unwanted) {
    return std::nullopt;
  }
  return found(view, *node, question);
}

Response DocumentWorker::list_versions(const MediaType& media) const {
  Response response{.content_type = media.content_type, .headers = std::string(cors)};
  std::string& body = response.body;
  const auto add = [&](std::string_view name, bool is_last) {
    switch (media.form) {
      case Form::text:
        body.append(name).append("\n");
        break;
      case Form::json:
        body.append("\"").append(name).append("\":\"/").append(name).append(is_last ? "\"}"
                                                                                    : "\",");
        break;
      case Form::yaml:
        body.append(name == "latest" ? std::string(name) : "\"" + std::string(name) + "\"")
            .append(": /")
            .append(name)
            .append("\n");
        break;
    }
  };
  if (media.form == Form::json) body = "{";
  for (const auto name : documents::version_names) add(name, false);
  add("latest", true);
  return response;
}

Response DocumentWorker::wait_for_change(const Request& request, DocumentQuestion question,
                                         std::string value) {
  if (auto response = answer(question, &value)) return std::move(*response);
  Response response;
  response.wait_until = Clock::now() + wait_time(request.parameter("maxWait"));
  response.wait =
      std::make_unique<Wait>(*this, request.connection, std::move(question), std::move(value));
  return response;
}

Response DocumentWorker::serve(const Request& request) {
  const std::string& key = cache_.key_of(request, options_.trust_forwarded_for);
  if (key.empty()) return route(request);
  if (auto known = cache_.find(key)) return std::move(*known);
  return cache_.keep(key, route(request));
}

Response DocumentWorker::route(const Request& request) {
  if (request.method == "POST" && request.path == "/v1/reload" && options_.reload &&
      !request.peer->is_local && request.peer->address.is_loopback()) {
    const auto done = options_.reload();
    return done ? plain(200, "OK") : plain(500, done.error().text + "\n");
  }
  if (request.method != "GET" && !request.is_head()) {
    Response refused = plain(405, "405 method not allowed\n");
    refused.headers += "Allow: GET, HEAD\r\n";
    return refused;
  }
  if (request.path.find("//") != std::string_view::npos ||
      request.path.find("/.") != std::string_view::npos) {
    if (std::string cleaned = clean(request.path); cleaned != request.path) {
      if (!request.query.empty()) cleaned.append("?").append(request.query);
      return {.status = 301, .headers = "Location: " + cleaned + "\r\n"};
    }
  }
  DocumentQuestion question;
  question.media = documents::negotiate(request.header("Accept").value_or(""));
  if (request.segments.empty()) return list_versions(question.media);
  if (request.path == "/favicon.ico") return plain(404, "404 page not found\n");
  if (!snapshot_) {
    Response response = plain(503, "Nothing is known yet\n");
    response.headers += "Retry-After: 1\r\n";
    return response;
  }
  const auto version = documents::parse_version(request.segments.front());
  if (!version) return missing(question.media, "Invalid version");
  question.version = *version;
  for (const auto segment : request.segments.subspan(1)) question.path.emplace_back(segment);
  question.client = client_of(request);
  question.known_tag = request.header("If-None-Match").value_or("");
  if (!request.query.empty() && !question.path.empty() && request.parameter("wait") == "true") {
    auto value = request.parameter("value");
    if (value && !value->empty()) {
      return wait_for_change(request, std::move(question), std::move(*value));
    }
  }
  return *answer(question, nullptr);
}

}  // namespace paddock::metadata::service
