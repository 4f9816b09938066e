// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/json.hpp"

#include "model/address_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <utility>

namespace paddock::metadata::kubernetes {
namespace {

const Json nothing;
const Json no_elements = Json::array();

// docs: resource.Quantity; binary suffixes, then decimal ones.
constexpr std::array<std::pair<std::string_view, double>, 16> suffixes{{
    {"", 1},
    {"Ki", 0x1p10},
    {"Mi", 0x1p20},
    {"Gi", 0x1p30},
    {"Ti", 0x1p40},
    {"Pi", 0x1p50},
    {"Ei", 0x1p60},
    {"n", 1e-9},
    {"u", 1e-6},
    {"m", 1e-3},
    {"k", 1e3},
    {"M", 1e6},
    {"G", 1e9},
    {"T", 1e12},
    {"P", 1e15},
    {"E", 1e18},
}};

}  // namespace

const Json& at(const Json& object, std::string_view key) {
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string_view text_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>())
                           : std::string_view();
}

bool flag_at(const Json& object, std::string_view key, bool absent) {
  const Json& value = at(object, key);
  return value.is_boolean() ? value.get<bool>() : absent;
}

std::int64_t number_at(const Json& object, std::string_view key, std::int64_t most) {
  const Json& value = at(object, key);
  if (!value.is_number_integer()) return 0;
  const auto number = value.get<std::int64_t>();
  return number >= 0 && number <= most ? number : 0;
}

const Json& list_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  return value.is_array() ? value : no_elements;
}

TextMap map_at(const Json& object, std::string_view key) {
  const Json& map = at(object, key);
  std::vector<TextPair> pairs;
  if (map.is_object()) {
    for (const auto& [name, value] : map.items()) {
      if (!value.is_string()) continue;
      pairs.push_back({Text::shared(name), Text::shared(value.get_ref<const std::string&>())});
    }
  }
  return TextMap::shared(std::move(pairs));
}

std::optional<boost::asio::ip::address> address_of(const Json& text) {
  return text.is_string() ? parse_address(text.get_ref<const std::string&>()) : std::nullopt;
}

std::vector<boost::asio::ip::address> addresses_of(const Json& list) {
  std::vector<boost::asio::ip::address> addresses;
  if (!list.is_array()) return addresses;
  for (const Json& text : list) {
    const auto address = address_of(text);
    if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  return addresses;
}

std::int64_t time_of(std::string_view text) {
  std::tm time{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (end == nullptr) return 0;
  return static_cast<std::int64_t>(::timegm(&time)) * 1000;
}

std::int64_t quantity_of(std::string_view text, std::int64_t scale) {
  double number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{}) return 0;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto found = std::find_if(suffixes.begin(), suffixes.end(),
                                  [&](const auto& known) { return known.first == suffix; });
  if (found == suffixes.end()) return 0;
  const double value = std::ceil(number * found->second * static_cast<double>(scale));
  return value >= 0 && value < 0x1p62 ? static_cast<std::int64_t>(value) : 0;
}

}  // namespace paddock::metadata::kubernetes
