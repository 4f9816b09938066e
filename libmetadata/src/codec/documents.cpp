// SPDX-License-Identifier: Apache-2.0
//
// Cluster files: several objects in one text.
#include "codec/documents.hpp"

#include "codec/reader.hpp"
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <map>

namespace paddock::metadata {
namespace {

class Collector {
 public:
  Collector(std::string_view name, const DocumentTaker& take) : name_(name), take_(take) {}

  void take(const Value& value) {
    if (value.type() == Value::Type::null) return;  // an empty document
    const Value* objects = value.type() == Value::Type::map ? value.find("objects") : nullptr;
    if (objects != nullptr && value.find("kind") == nullptr) return take_frame(value, *objects);
    Parsed parsed = read_object(value, nullptr, UnknownKeys::refuse);
    for (Problem& problem : parsed.problems) add(std::move(problem));
    if (!parsed.object) return;
    const Key key = parsed.object->key();
    if (const unsigned first = take_(std::move(parsed.object), value.line()); first != 0) {
      add({"", "is there already, at line " + std::to_string(first), "", value.line(),
           format(key)});
    }
  }

  void add(Problem problem) {
    if (found_.problems.size() >= Limits::problems) return;
    problem.file = name_;
    found_.problems.push_back(std::move(problem));
  }

  // The text ends here for us.
  void break_off(std::string message, unsigned line) {
    found_.is_whole = false;
    add({"", std::move(message), "", line, ""});
  }

  [[nodiscard]] ReadDocuments finish() { return std::move(found_); }

 private:
  // What GET /v1/cluster answers; its members have been taken one by one.
  void take_frame(const Value& frame, const Value& objects) {
    for (std::size_t i = 0; i < frame.keys().size(); ++i) {
      const std::string_view key = frame.keys()[i];
      if (key == "objects" || key == "store" || key == "revision") continue;
      add({std::string(key), "is no field here; beside objects there may be store and revision", "",
           frame.items()[i].line(), ""});
    }
    if (objects.type() != Value::Type::list) {
      add({"objects", "must be a list of objects", "", objects.line(), ""});
    }
  }

  std::string name_;
  const DocumentTaker& take_;
  ReadDocuments found_;
};

}  // namespace

ReadDocuments read_documents(std::string_view text, std::string_view name,
                             const std::function<DocumentTaker()>& begin) {
  if (text.size() > Limits::file_bytes) {
    const DocumentTaker none;
    Collector refused(name, none);
    refused.break_off("longer than " + std::to_string(Limits::file_bytes) + " bytes", 0);
    return refused.finish();
  }
  const auto read_with = [&](auto read, std::optional<TextError>& error) {
    const DocumentTaker take = begin();
    Collector collector(name, take);
    TreeBuilder builder(TreeBuilder::Lists::split,
                        [&collector](const Value& value) { collector.take(value); });
    error = read(text, builder);
    if (error) collector.break_off(error->message, error->line);
    return collector.finish();
  };
  std::optional<TextError> not_json;
  const auto start = text.find_first_not_of(" \t\r\n");
  const bool may_be_json =
      start != std::string_view::npos && (text[start] == '{' || text[start] == '[');
  if (may_be_json) {
    ReadDocuments documents = read_with(read_json, not_json);
    if (!not_json) return documents;
  }
  // YAML may begin with a brace too; but of a text that is neither, the JSON sentence is told.
  std::optional<TextError> not_yaml;
  ReadDocuments documents = read_with(read_yaml, not_yaml);
  if (not_yaml && not_json && !documents.problems.empty()) {
    documents.problems.back().message = not_json->message;
    documents.problems.back().line = not_json->line;
  }
  return documents;
}

Documents parse_documents(std::string_view text, std::string_view name) {
  Documents documents;
  std::map<Key, unsigned> lines;
  ReadDocuments read = read_documents(text, name, [&]() -> DocumentTaker {
    documents.objects.clear();
    lines.clear();
    return [&](std::shared_ptr<Object> object, unsigned line) {
      const auto [first, is_new] = lines.emplace(object->key(), line);
      if (!is_new) return first->second;
      documents.objects.push_back({std::move(object), line});
      return 0U;
    };
  });
  documents.problems = std::move(read.problems);
  documents.is_whole = read.is_whole;
  return documents;
}

}  // namespace paddock::metadata
