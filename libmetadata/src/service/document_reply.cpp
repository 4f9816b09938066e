// SPDX-License-Identifier: Apache-2.0
#include "service/document_reply.hpp"

#include "answers/sight.hpp"
#include "documents/fields.hpp"
#include "documents/tree.hpp"
#include "http/head_parser.hpp"
#include "service/entity_tag.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

namespace paddock::metadata::service {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view session_ttl_header = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr double default_wait = 60;
constexpr double longest_wait = 120;

Response plain(int status, std::string_view text) {
  return {.status = status,
          .content_type = "text/plain; charset=utf-8",
          .headers = std::string(sniffing),
          .body = std::string(text)};
}

// The list of versions as a document.
class VersionsSight final : public documents::Sight {
 public:
  explicit VersionsSight(std::vector<std::pair<std::string, documents::Node>> versions)
      : versions_(documents::map_of(std::move(versions))) {}
  [[nodiscard]] std::optional<documents::Node> root() const override { return versions_; }
  [[nodiscard]] documents::Reads& reads() const noexcept override { return reads_; }
  [[nodiscard]] std::string state() const override { return {}; }  // small: never asked for

 private:
  documents::Node versions_;
  mutable documents::Reads reads_;
};

// The path of a version: one segment, and no plus in it, for that would be a space.
std::string link_to(std::string_view version) {
  constexpr std::string_view plain_marks = "-_.~$&,:;=@";
  std::string path = "/";
  for (const char c : version) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || plain_marks.find(c) != std::string_view::npos) {
      path += c;
    } else {
      path.append(1, '%').append(1, "0123456789ABCDEF"[byte >> 4U]);
      path += "0123456789ABCDEF"[byte & 15U];
    }
  }
  return path;
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

// Seconds, to the tenth and finer; none when negative, the default when absent or malformed.
Clock::duration wait_time(const std::optional<std::string>& text) {
  double seconds = default_wait;
  if (text) {
    double given = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), given);
    if (failed == std::errc{} && end == text->data() + text->size() && std::isfinite(given)) {
      seconds = std::clamp(given, 0.0, longest_wait);
    }
  }
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

// Answers when the value is there and another than the client knows.
class DocumentWorker::Wait final : public LongPoll {
 public:
  struct Known {
    std::string value;  // as ?value= says; empty: `tags` counts
    std::string tags;   // If-None-Match
  };
  Wait(DocumentWorker& worker, ConnectionId id, DocumentQuestion question, Known known)
      : worker_(worker),
        places_(worker.waiters_, id),
        question_(std::move(question)),
        known_(std::move(known)),
        path_(worker.key_.path),
        accept_(worker.key_.accept),
        client_(worker.key_.client) {}

  std::optional<Response> poll(bool expired) override {
    const ReplyCache::Key key{path_, accept_, client_};
    MadeAnswer made = worker_.answer(key, question_, expired ? Body::wanted : Body::only_known);
    if (!expired && is_known(*made.answer)) {
      places_.stand_under(made.answer->marks);
      return std::nullopt;
    }
    if (!made.answer->ready && !made.stream) made = worker_.answer(key, question_, Body::wanted);
    return respond(std::move(made), known_.tags);
  }

 private:
  [[nodiscard]] bool is_known(const DocumentAnswer& answer) const {
    if (!known_.value.empty()) return answer.is_known_as(known_.value);
    return answer.tag.empty() || lists_tag(known_.tags, answer.tag, Comparison::weak);
  }

  DocumentWorker& worker_;
  DocumentWaiters::Places places_;
  DocumentQuestion question_;
  Known known_;
  std::string path_;
  std::string accept_;
  std::string client_;
};

DocumentWorker::DocumentWorker(const DocumentOptions& options, const SessionTokens& tokens,
                               HttpOptions http)
    : options_(options),
      tokens_(tokens),
      server(std::move(http), [this](const Request& request) { return serve(request); }) {}

void DocumentWorker::take(std::shared_ptr<const documents::Edition> edition) {
  if (std::exchange(answers_, nullptr)) cache_.clear();
  cache_.take(*edition);
  const auto wake = [this](ConnectionId id) { server.wake(id); };
  if (edition->changes.is_everything) {
    waiters_.each(wake);
  } else {
    for (const documents::Mark mark : edition->changes.marks) waiters_.each_under(mark, wake);
  }
  snapshot_ = std::make_shared<documents::Snapshot>(std::move(edition), std::move(snapshot_));
}

void DocumentWorker::take(std::shared_ptr<const Answers> answers) {
  const bool is_same = answers_ && answers_->stamp() == answers->stamp();
  answers_ = std::move(answers);
  snapshot_.reset();
  if (is_same) return;
  cache_.clear();
  waiters_.each([this](ConnectionId id) { server.wake(id); });
}

DocumentClient DocumentWorker::client_of(const Request& request,
                                         const DocumentFields& fields) const {
  if (is_forwarded(fields)) {
    std::string name(*fields.forwarded_for);
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(name, failed);
    return {std::move(name), failed ? std::nullopt : std::optional(address)};
  }
  if (request.peer->is_local) return {};
  return {request.peer->address.to_string(), request.peer->address};
}

bool DocumentWorker::has_version(std::string_view version) const {
  return answers_ ? answers_->has_version(version) : documents::parse_version(version).has_value();
}

std::shared_ptr<const documents::Sight> DocumentWorker::sight_of(
    const DocumentQuestion& question) const {
  if (answers_) {
    return std::make_shared<const answers::AnswersSight>(answers_, question.version,
                                                         question.client.name);
  }
  // A version that was there when a wait began may be gone with the data file it was of.
  const auto version = documents::parse_version(question.version);
  return std::make_shared<const documents::View>(
      snapshot_, version.value_or(documents::Version::v2016_07_29),
      documents::View::Whose{.client = question.client.address,
                             .visibility = options_.visibility,
                             .host = options_.host});
}

bool DocumentWorker::is_forwarded(const DocumentFields& fields) const {
  return options_.trust_forwarded_for && !fields.forwarded_for.value_or("").empty();
}

// A forwarded client is known by the text of the field, in which no byte is a control.
void DocumentWorker::read_key(const Request& request, const DocumentFields& fields) {
  if (is_forwarded(fields)) {
    key_ = {request.path, fields.accept, *fields.forwarded_for};
    return;
  }
  client_.clear();
  if (request.peer->is_local) {
    client_.append(1, '\1');
  } else if (request.peer->address.is_v4()) {
    const auto bytes = request.peer->address.to_v4().to_bytes();
    client_.append(1, '\4').append(bytes.begin(), bytes.end());
  } else {
    const auto bytes = request.peer->address.to_v6().to_bytes();
    client_.append(1, '\6').append(bytes.begin(), bytes.end());
  }
  key_ = {request.path, fields.accept, client_};
}

MadeAnswer DocumentWorker::answer(const ReplyCache::Key& key, const DocumentQuestion& question,
                                  Body body) {
  const auto& known = cache_.find(key);
  if (known && (known->ready || body == Body::only_known)) return {known, nullptr};
  MadeAnswer made = make_answer(sight_of(question), question);
  if (cache_.is_asked_again(key, made.answer->is_personal)) cache_.keep(key, made.answer);
  return made;
}

Response DocumentWorker::list_versions(const DocumentQuestion& question,
                                       std::string_view known_tags) const {
  std::vector<std::pair<std::string, documents::Node>> entries;
  const auto add = [&entries](std::string_view name) {
    entries.emplace_back(name, documents::Node(link_to(name)));
  };
  if (answers_) {
    for (const std::string& name : answers_->versions()) add(name);
  } else {
    for (const auto name : documents::version_names) add(name);
  }
  if (!answers_ || !std::ranges::binary_search(answers_->versions(), "latest")) add("latest");
  const auto sight = std::make_shared<const VersionsSight>(std::move(entries));
  return respond(make_answer(sight, question), known_tags);
}

Response DocumentWorker::wait_for_change(const Request& request, const DocumentFields& fields,
                                         DocumentQuestion question, std::string value) {
  auto wait = std::make_unique<Wait>(
      *this, request.connection, std::move(question),
      Wait::Known{.value = std::move(value), .tags = std::string(fields.if_none_match)});
  if (auto response = wait->poll(false)) return std::move(*response);
  Response response;
  response.wait_until = Clock::now() + wait_time(request.parameter("maxWait"));
  response.wait = std::move(wait);
  return response;
}

// As EC2 answers: the token for the address that asks, in packets that no router passes on.
Response DocumentWorker::begin_session(const Request& request, const DocumentFields& fields) const {
  if (request.method != "PUT") {
    Response refused = plain(405, "405 method not allowed\n");
    refused.headers += "Allow: PUT\r\n";
    return refused;
  }
  // What went through a proxy may be somebody else's request.
  if (fields.forwarded_for) return plain(403, "403 forbidden\n");
  const auto text = request.header(session_ttl_header).value_or("");
  int seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc{} || end != text.data() + text.size() || seconds < 1 ||
      seconds > SessionTokens::longest.count()) {
    std::string why(session_ttl_header);
    why += " must be a number from 1 to 21600\n";
    return plain(400, why);
  }
  return {.content_type = "text/plain; charset=utf-8",
          .headers = std::string(session_ttl_header) + ": " + std::to_string(seconds) +
                     "\r\nCache-Control: no-store\r\n",
          .body = tokens_.make(client_of(request, fields).name,
                               SessionTokens::Clock::now() + std::chrono::seconds(seconds)),
          .hop_limit = 1};
}

std::optional<Response> DocumentWorker::check_session(const Request& request,
                                                      const DocumentFields& fields) const {
  const auto& token = fields.session_token;
  if (!token && !options_.require_session_token) return std::nullopt;
  const PathSegments segments = request.segments();
  // A path that is not there is looked for in lower case, too.
  const auto is_second = [&segments](std::string_view key) {
    return segments.size() > 1 && http::equals_ignoring_case(segments[1], key);
  };
  if (std::ranges::none_of(documents::ec2_keys, is_second)) return std::nullopt;
  if (token &&
      tokens_.is_valid(*token, client_of(request, fields).name, SessionTokens::Clock::now())) {
    return std::nullopt;
  }
  return plain(401, "401 unauthorized: PUT /latest/api/token gives a token\n");
}

Response DocumentWorker::serve(const Request& request) {
  const DocumentFields fields = fields_of(request);
  if (request.path == "/latest/api/token") return begin_session(request, fields);
  if (auto refused = check_session(request, fields)) return std::move(*refused);
  if (request.method != "GET" && !request.is_head()) {
    Response refused = plain(405, "405 method not allowed\n");
    refused.headers += "Allow: GET, HEAD\r\n";
    return refused;
  }
  read_key(request, fields);
  const bool may_wait = request.query.find("wait") != std::string_view::npos;
  if (!may_wait && (snapshot_ || answers_)) {
    if (const auto& known = cache_.find(key_)) {
      const auto tags = fields.if_none_match;
      if (known->ready || (!tags.empty() && lists_tag(tags, known->tag, Comparison::weak))) {
        return respond(known, tags);
      }
    }
  }
  return route(request, fields);
}

Response DocumentWorker::route(const Request& request, const DocumentFields& fields) {
  if (request.path.find("//") != std::string_view::npos ||
      request.path.find("/.") != std::string_view::npos) {
    if (std::string cleaned = clean(request.path); cleaned != request.path) {
      if (!request.query.empty()) cleaned.append("?").append(request.query);
      return {.status = 301, .headers = "Location: " + cleaned + "\r\n"};
    }
  }
  DocumentQuestion question;
  question.media = documents::negotiate(fields.accept);
  if (request.path == "/favicon.ico") return plain(404, "404 page not found\n");
  if (!snapshot_ && !answers_) {
    Response response = plain(503, "Nothing is known yet\n");
    response.headers += "Retry-After: 1\r\n";
    return response;
  }
  const auto tags = fields.if_none_match;
  const PathSegments segments = request.segments();
  if (segments.empty()) return list_versions(question, tags);
  question.version = segments[0];
  if (!has_version(question.version)) return missing(question.media, "Invalid version");
  for (const auto segment : segments.all().subspan(1)) question.path.emplace_back(segment);
  question.client = client_of(request, fields);
  if (!request.query.empty() && !question.path.empty() && request.parameter("wait") == "true") {
    auto value = request.parameter("value").value_or("");
    if (!value.empty() || !tags.empty()) {
      return wait_for_change(request, fields, std::move(question), std::move(value));
    }
  }
  return respond(answer(key_, question, Body::wanted), tags);
}

}  // namespace paddock::metadata::service
