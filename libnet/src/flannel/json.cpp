// SPDX-License-Identifier: Apache-2.0
#include "flannel/json.hpp"

#include <algorithm>
#include <cctype>

namespace paddock::net::flannel {
namespace {

bool same_letters(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

// A value as deep as none of flannel's would only cost stack.
constexpr int deepest = 16;

}  // namespace

Json parse_object(std::string_view text) {
  const auto not_too_deep = [](int depth, Json::parse_event_t, Json&) {
    if (depth > deepest) throw Wrong("must not be nested so deep");
    return true;
  };
  try {
    auto json = Json::parse(text, not_too_deep);
    if (!json.is_object()) throw Wrong("must be a JSON object");
    return json;
  } catch (const Json::parse_error& broken) {
    throw Wrong("is not JSON, at byte " + std::to_string(broken.byte));
  }
}

Fields::Fields(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
  if (object_.is_object()) return;
  if (!path_.empty()) path_.pop_back();
  throw Wrong(path_, "must be a JSON object");
}

const Json* Fields::find(std::string_view name) const {
  const Json* found = nullptr;
  for (const auto& [key, value] : object_.items()) {
    if (key == name) return value.is_null() ? nullptr : &value;
    if (same_letters(key, name) && !value.is_null()) found = &value;
  }
  return found;
}

std::string Fields::text(std::string_view name) const {
  const auto* value = find(name);
  if (!value) return {};
  if (!value->is_string()) throw Wrong(name_of(name), "must be text");
  return value->get<std::string>();
}

std::uint64_t Fields::number(std::string_view name, std::uint64_t absent,
                             std::uint64_t most) const {
  const auto* value = find(name);
  if (!value) return absent;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most)
    throw Wrong(name_of(name), "must be a number from 0 to " + std::to_string(most));
  return value->get<std::uint64_t>();
}

bool Fields::flag(std::string_view name, bool absent) const {
  const auto* value = find(name);
  if (!value) return absent;
  if (!value->is_boolean()) throw Wrong(name_of(name), "must be true or false");
  return value->get<bool>();
}

}  // namespace paddock::net::flannel
