// SPDX-License-Identifier: Apache-2.0
#include "codec/base64.hpp"
#include "etcd/messages.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <optional>

namespace paddock::metadata::etcd {
namespace {

using nlohmann::json;

// Absent is what is sent for zero; so is anything of another type.
const json& member(const json& object, const char* name) {
  static const json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

template <class Number>
Number number(const json& object, const char* name) {
  const json& value = member(object, name);
  if (value.is_number_integer()) return value.get<Number>();
  Number parsed = 0;
  if (const auto* text = value.get_ptr<const std::string*>()) {
    std::from_chars(text->data(), text->data() + text->size(), parsed);
  }
  return parsed;
}

std::int64_t integer(const json& object, const char* name) {
  return number<std::int64_t>(object, name);
}

std::string text(const json& object, const char* name) {
  const auto* found = member(object, name).get_ptr<const std::string*>();
  return found == nullptr ? std::string() : *found;
}

Error broken(const char* what) {
  return {make_error_code(boost::system::errc::bad_message),
          std::string("read etcd's answer: ") + what};
}

std::optional<KeyValue> key_value(const json& from) {
  auto key = decode_base64(text(from, "key"));
  auto value = decode_base64(text(from, "value"));
  if (!key || !value) return std::nullopt;
  return KeyValue{.key = std::move(*key),
                  .value = std::move(*value),
                  .create_revision = integer(from, "create_revision"),
                  .mod_revision = integer(from, "mod_revision"),
                  .version = integer(from, "version"),
                  .lease = integer(from, "lease")};
}

Result<Found> found_in(const json& from) {
  Found found;
  const json& header = member(from, "header");
  found.cluster = number<std::uint64_t>(header, "cluster_id");
  found.revision = integer(header, "revision");
  found.count = integer(from, "count") + integer(from, "deleted");
  const json& list = member(from, "kvs");
  if (!list.is_array()) return found;
  found.values.reserve(list.size());
  for (const json& one : list) {
    auto value = key_value(one);
    if (!value) return broken("a key or value is not base64");
    found.values.push_back(std::move(*value));
  }
  return found;
}

json parse(std::string_view text) { return json::parse(text, nullptr, false); }

// In a stream of messages each is in a "result".
const json& message(const json& answer) {
  const json& result = member(answer, "result");
  return result.is_null() ? answer : result;
}

Error refusal(std::int64_t code, std::string why) {
  if (code == 0) code = static_cast<std::int64_t>(Code::unavailable);
  return {make_error_code(static_cast<Code>(code)), std::move(why)};
}

// Boost's own advice is not to destroy categories through their base.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "etcd"; }
  std::string message(int code) const override { return "etcd code " + std::to_string(code); }
};
#pragma GCC diagnostic pop

}  // namespace

boost::system::error_code make_error_code(Code code) noexcept {
  static const Category category;
  return {static_cast<int>(code), category};
}

Result<Found> decode_found(std::string_view text) {
  const json answer = parse(text);
  if (!answer.is_object()) return broken("it is no JSON object");
  return found_in(answer);
}

Result<Committed> decode_committed(std::string_view text) {
  const json answer = parse(text);
  if (!answer.is_object()) return broken("it is no JSON object");
  Committed committed;
  committed.succeeded = member(answer, "succeeded") == json(true);
  committed.revision = integer(member(answer, "header"), "revision");
  const json& list = member(answer, "responses");
  if (!list.is_array()) return committed;
  for (const json& one : list) {
    const json& range = member(one, "response_range");
    auto found = found_in(range.is_object() ? range : member(one, "response_delete_range"));
    if (!found) return found.error();
    committed.answers.push_back(std::move(*found));
  }
  return committed;
}

Result<Lease> decode_lease(std::string_view text) {
  const json answer = parse(text);
  if (!answer.is_object()) return broken("it is no JSON object");
  const json& lease = message(answer);
  return Lease{.id = integer(lease, "ID"),
               .granted = std::chrono::seconds(integer(lease, "grantedTTL")),
               .left = std::chrono::seconds(integer(lease, "TTL"))};
}

Result<std::string> decode_token(std::string_view json_text) {
  auto token = text(parse(json_text), "token");
  if (token.empty()) return broken("it has no token");
  for (const char c : token) {
    if (static_cast<unsigned char>(c) <= ' ') return broken("the token cannot be sent back");
  }
  return token;
}

Result<Notice> decode_notice(std::string_view line) {
  const json answer = parse(line);
  if (!answer.is_object()) return broken("a line of the watch is no JSON object");
  if (auto refused = decode_refusal(line)) return std::move(*refused);
  const json& from = message(answer);
  Notice notice;
  notice.revision = integer(member(from, "header"), "revision");
  if (integer(from, "compact_revision") != 0) {
    notice.type = Notice::Type::compacted;
    notice.revision = integer(from, "compact_revision");
    return notice;
  }
  if (member(from, "canceled") == json(true)) {
    const auto why = text(from, "cancel_reason");
    return refusal(0, "etcd ended the watch" + (why.empty() ? "" : ": " + why));
  }
  if (member(from, "created") == json(true)) notice.type = Notice::Type::created;
  const json& events = member(from, "events");
  if (!events.is_array() || events.empty()) return notice;
  notice.type = Notice::Type::changes;
  for (const json& event : events) {
    auto value = key_value(member(event, "kv"));
    if (!value) return broken("a key or value is not base64");
    const auto kind = text(event, "type");  // 0, PUT, is left out
    notice.changes.push_back({kind == "DELETE", std::move(*value)});
  }
  // The header may be ahead of the changes, but those of one revision come in one message.
  notice.revision = notice.changes.back().value.mod_revision;
  return notice;
}

std::optional<Error> decode_refusal(std::string_view json_text) {
  const json answer = parse(json_text);
  const json& error = member(answer, "error");
  if (error.is_object()) {
    return refusal(integer(error, "grpc_code"), text(error, "message"));
  }
  if (!error.is_string()) return std::nullopt;
  return refusal(integer(answer, "code"), error.get<std::string>());
}

}  // namespace paddock::metadata::etcd
