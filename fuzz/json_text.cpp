// SPDX-License-Identifier: Apache-2.0
//
// Any text as JSON: accepted when nlohmann-json accepts it. What is accepted is written and read
// back as the same.
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <optional>

namespace {

using namespace paddock::metadata;

struct Read {
  std::string json;
  std::optional<TextError> error;
};

Read read(std::string_view text) {
  Read read;
  TreeBuilder builder(TreeBuilder::Lists::whole,
                      [&read](const Value& root) { append_value(read.json, root); });
  read.error = read_json(text, builder);
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Read once = read(text);
  if (once.error) {
    const bool is_ours = once.error->message.find(" deep") != std::string::npos ||
                         text.find('\0') != std::string_view::npos;  // an end to nlohmann-json
    if (!is_ours && nlohmann::json::accept(text)) std::abort();
    return 0;
  }
  if (!nlohmann::json::accept(text)) std::abort();
  const Read again = read(once.json);
  if (again.error || again.json != once.json) std::abort();
  return 0;
}
