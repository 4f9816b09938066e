// SPDX-License-Identifier: Apache-2.0
//
// Objects as text: JSON and YAML in, compact JSON out, and the lines of the stream
// (docs/objects.md, docs/stream-api.md). Reading checks everything and reports all that is
// wrong at once, by field; nothing here throws on bad input. Pure; any thread.
#pragma once

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/error.hpp>
#include <paddock/metadata/objects.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata {

// One thing that is wrong with an object or a file.
struct Problem {
  std::string field;    // "ports[1].protocol"; empty: the whole
  std::string message;  // what is allowed
  std::string file;     // empty when not read from a file
  unsigned line = 0;    // from 1; 0 when unknown
  std::string object;   // "services/shop/web" as far as known
};

// "cluster.yaml:12: services/shop/web: ports[1].protocol: must be TCP, UDP or SCTP"
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string format(const Problem& problem);

struct Limits {
  static constexpr std::size_t object_bytes = 16U << 20U;  // of one object's text
  static constexpr std::size_t file_bytes = 512U << 20U;   // of a cluster file
  static constexpr unsigned depth = 64;                    // of lists and maps in one another
  static constexpr std::size_t problems = 100;             // reported of one text
};

struct Parsed {
  enum class Outcome {
    ok,
    malformed,  // not JSON: one problem, which says the byte offset
    misplaced,  // kind, namespace or name are not those of `at`
    invalid     // `problems` lists every wrong field
  };
  Outcome outcome = Outcome::ok;
  std::shared_ptr<Object> object;  // null unless ok; the caller's to edit
  std::vector<Problem> problems;
};

// Reads one object from JSON. With `at` (as from a request's path), kind, namespace and name
// may be left out and must not differ.
[[nodiscard]] PADDOCK_METADATA_EXPORT Parsed parse_object(std::string_view json,
                                                          const Key* at = nullptr);

// Whether the text may be the name of an object of this kind / a namespace (RFC 1123).
[[nodiscard]] PADDOCK_METADATA_EXPORT bool is_name(Kind kind, std::string_view text) noexcept;

struct Documents {
  struct Entry {
    std::shared_ptr<Object> object;
    unsigned line = 0;
  };
  std::vector<Entry> objects;  // those that are right, in the order of the file
  std::vector<Problem> problems;
  bool is_whole = true;  // false: the text could not be read to its end
};

// Reads a cluster file: JSON or YAML; several documents, lists of objects, or what
// GET /v1/cluster answers. One broken object does not hide the others; an object given twice is
// a problem. `name` is what problems call the file.
[[nodiscard]] PADDOCK_METADATA_EXPORT Documents parse_documents(std::string_view text,
                                                                std::string_view name);

// Compact JSON with the keys in the order of docs/objects.md, defaults left out.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string format_json(const Object& object);
PADDOCK_METADATA_EXPORT void append_json(std::string& out, const Object& object);
// Who reads JSON: anybody, or somebody who puts it into HTML, so that nothing in it may be markup.
enum class JsonFor { any, html };

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
PADDOCK_METADATA_EXPORT void append_json_text(std::string& out, std::string_view text,
                                              JsonFor reader = JsonFor::any);

// One line of the stream.
struct Event {
  enum class Type { put, erase, bookmark, heartbeat };
  Type type = Type::heartbeat;
  std::uint64_t revision = 0;
  ObjectPtr object;              // of put
  Key key;                       // of erase
  std::string store;             // of bookmark
  std::int64_t stale_since = 0;  // of bookmark and heartbeat
};

// The line with its newline.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string encode_put(const Object& object);
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string encode_delete(const Key& key,
                                                                std::uint64_t revision);
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string encode_bookmark(const Cluster::Stamp& stamp);
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string encode_heartbeat(const Cluster::Stamp& stamp);

// Keys this version does not know are ignored: the other side may be newer. A put whose object
// is wrong is an error that names it.
[[nodiscard]] PADDOCK_METADATA_EXPORT Result<Event> decode_event(std::string_view line);

}  // namespace paddock::metadata
