// SPDX-License-Identifier: Apache-2.0
//
// The lines of the stream, docs/stream-api.md.
#include "codec/reader.hpp"
#include "codec/writer.hpp"

#include <charconv>

namespace paddock::metadata {
namespace {

// An object as the store has it is longer than the text that was taken for it: with its uid and its
// revisions, and what is derived has no such text.
constexpr std::size_t longest_event = 4 * Limits::object_bytes;

Writer begin_event(std::string& line, std::string_view type, std::uint64_t revision) {
  Writer writer(line);
  writer.begin();
  writer.always("type", type);
  writer.required_integer("revision", revision, 0, 0);
  return writer;
}

std::string end_event(Writer writer, std::string& line) {
  writer.end();
  line += '\n';
  return std::move(line);
}

Error wrong(std::string_view why) {
  return {make_error_code(boost::system::errc::protocol_error),
          "stream event: " + std::string(why)};
}

template <class T>
bool read_number(const Value& event, std::string_view key, T& number) {
  const Value* value = event.find(key);
  if (value == nullptr || value->type() != Value::Type::number) return false;
  const std::string_view text = value->text();
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end;
}

std::string_view read_text(const Value& event, std::string_view key) {
  const Value* value = event.find(key);
  return value != nullptr && value->type() == Value::Type::text ? value->text()
                                                                : std::string_view();
}

Result<Event> decode_put(const Value& line, Event event) {
  const Value* object = line.find("object");
  if (object == nullptr) return wrong("put without object");
  Parsed parsed = read_object(*object, nullptr, UnknownKeys::ignore);
  if (!parsed.object) {
    return wrong(parsed.problems.empty() ? "put of a wrong object"
                                         : format(parsed.problems.front()));
  }
  event.object = std::move(parsed.object);
  return event;
}

Result<Event> decode_delete(const Value& line, Event event) {
  const auto kind = kind_of_name(read_text(line, "kind"));
  event.key.ns = read_text(line, "namespace");
  event.key.name = read_text(line, "name");
  if (!kind || event.key.name.empty() || has_namespace(*kind) == event.key.ns.empty()) {
    return wrong("delete without a right kind, namespace or name");
  }
  event.key.kind = *kind;
  return event;
}

}  // namespace

std::string encode_put(const Object& object) {
  std::string line;
  Writer writer = begin_event(line, "put", object.revision);
  writer.key("object");
  append_json(line, object);
  return end_event(writer, line);
}

std::string encode_delete(const Key& key, std::uint64_t revision) {
  std::string line;
  Writer writer = begin_event(line, "delete", revision);
  writer.always("kind", kind_name(key.kind));
  if (has_namespace(key.kind)) writer.always("namespace", key.ns);
  writer.always("name", key.name);
  return end_event(writer, line);
}

std::string encode_bookmark(const Cluster::Stamp& stamp) {
  std::string line;
  Writer writer = begin_event(line, "bookmark", stamp.revision);
  writer.always("store", stamp.store);
  writer.required_integer("stale_since", stamp.stale_since, 0, 0);
  return end_event(writer, line);
}

std::string encode_heartbeat(const Cluster::Stamp& stamp) {
  std::string line;
  Writer writer = begin_event(line, "heartbeat", stamp.revision);
  writer.required_integer("stale_since", stamp.stale_since, 0, 0);
  return end_event(writer, line);
}

Result<Event> decode_event(std::string_view line) {
  if (line.size() > longest_event) return wrong("too long");
  Value root;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&root](const Value& value) { root = value; });
  if (const auto error = read_json(line, builder)) return wrong(error->message);
  if (root.type() != Value::Type::map) return wrong("not a map");
  Event event;
  if (!read_number(root, "revision", event.revision)) return wrong("no revision");
  const std::string_view type = read_text(root, "type");
  if (type == "put") {
    event.type = Event::Type::put;
    return decode_put(root, std::move(event));
  }
  if (type == "delete") {
    event.type = Event::Type::erase;
    return decode_delete(root, std::move(event));
  }
  if (type != "bookmark" && type != "heartbeat") {
    return wrong("unknown type \"" + std::string(type) + "\"");
  }
  event.type = type == "bookmark" ? Event::Type::bookmark : Event::Type::heartbeat;
  event.store = read_text(root, "store");
  if (!read_number(root, "stale_since", event.stale_since)) return wrong("no stale_since");
  if (event.type == Event::Type::bookmark && event.store.empty()) return wrong("no store");
  return event;
}

}  // namespace paddock::metadata
