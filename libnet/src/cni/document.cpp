// SPDX-License-Identifier: Apache-2.0
#include "cni/document.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace paddock::net::cni {
namespace {

constexpr std::array<std::string_view, 7> versions = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                                      "0.4.0", "1.0.0", "1.1.0"};

[[noreturn]] void refuse_value(const std::string& path, const std::string& wanted) {
  throw Refusal{Code::bad_config, path + " must be " + wanted, "correct the network configuration"};
}

}  // namespace

Json parse_object(std::string_view text) {
  try {
    auto document = Json::parse(text);
    if (!document.is_object())
      throw Refusal{Code::undecodable, "the configuration on stdin is not a JSON object", ""};
    return document;
  } catch (const Json::exception& wrong) {
    throw Refusal{Code::undecodable, "the configuration on stdin is not JSON", wrong.what()};
  }
}

void check_unrepeated(std::string_view text, std::string_view member) {
  std::set<std::string> seen;
  bool within = false;
  const auto note = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event != Json::parse_event_t::key) return true;
    if (depth == 1) within = parsed == member;
    if (depth == 2 && within && !seen.insert(parsed.get<std::string>()).second)
      throw Refusal{Code::bad_config, "duplicated " + std::string(member) + " keys are not allowed",
                    std::string(member) + " has " + parsed.dump() + " twice"};
    return true;
  };
  [[maybe_unused]] const auto read = Json::parse(text, note, false);
}

const Json* find(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& value, const std::string& path) {
  if (!value.is_string()) refuse_value(path, "a text");
  return value.get<std::string>();
}

std::uint32_t number_of(const Json& value, const std::string& path) {
  const bool fits = value.is_number_unsigned() &&
                    value.get<std::uint64_t>() <= std::numeric_limits<std::uint32_t>::max();
  if (!fits) refuse_value(path, "a number of 0 to 4294967295");
  return value.get<std::uint32_t>();
}

std::vector<std::string> texts_of(const Json& value, const std::string& path) {
  std::vector<std::string> result;
  for (const auto& item : array_of(value, path)) result.push_back(text_of(item, path + "[]"));
  return result;
}

IpAddress address_of(const std::string& text, const std::string& path) {
  boost::system::error_code failed;
  auto address = boost::asio::ip::make_address(text, failed);
  if (failed) refuse_value(path, "an IP address, not \"" + text + "\"");
  return address;
}

const Json& object_of(const Json& value, const std::string& path) {
  if (!value.is_object()) refuse_value(path, "an object");
  return value;
}

const Json& array_of(const Json& value, const std::string& path) {
  if (!value.is_array()) refuse_value(path, "a list");
  return value;
}

Dns dns_of(const Json& value, const std::string& path) {
  object_of(value, path);
  Dns dns;
  if (const auto* found = find(value, "nameservers"))
    dns.nameservers = texts_of(*found, path + ".nameservers");
  if (const auto* found = find(value, "domain")) dns.domain = text_of(*found, path + ".domain");
  if (const auto* found = find(value, "search")) dns.search = texts_of(*found, path + ".search");
  if (const auto* found = find(value, "options")) dns.options = texts_of(*found, path + ".options");
  return dns;
}

int compare_versions(std::string_view left, std::string_view right) {
  const auto place = [](std::string_view version) { return std::ranges::find(versions, version); };
  return place(left) < place(right) ? -1 : place(left) > place(right) ? 1 : 0;
}

bool is_supported(std::string_view version) {
  return std::ranges::find(versions, version) != versions.end();
}

std::span<const std::string_view> supported_versions() { return versions; }

}  // namespace paddock::net::cni
