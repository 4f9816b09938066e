// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/skydns.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <limits>

namespace paddock::dns {
namespace {

using nlohmann::json;

constexpr std::int64_t max_ttl = 0x7FFFFFFF;

Error wrong(const std::string& text) {
  return {make_error_code(boost::system::errc::invalid_argument), text};
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text;
}

// Takes members into an entry; the first thing that is wrong stays.
class Taker {
 public:
  void text(const std::string& name, const json& value, std::string& target) {
    if (!value.is_string()) return fail(name, "a string");
    target = value.get<std::string>();
  }

  void flag(const std::string& name, const json& value, bool& target) {
    if (!value.is_boolean()) return fail(name, "true or false");
    target = value.get<bool>();
  }

  void number(const std::string& name, const json& value, std::int64_t most,
              const std::function<void(std::int64_t)>& take) {
    const bool is_right = value.is_number_integer() && value >= 0 && value <= most;
    if (!is_right) return fail(name, "a whole number from 0 to " + std::to_string(most));
    take(value.get<std::int64_t>());
  }

  void number(const std::string& name, const json& value, std::uint16_t& target) {
    number(name, value, std::numeric_limits<std::uint16_t>::max(),
           [&target](std::int64_t taken) { target = static_cast<std::uint16_t>(taken); });
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void fail(const std::string& name, const std::string& allowed) {
    if (problem_.empty()) problem_ = name + " must be " + allowed;
  }

  std::string problem_;
};

void take(Taker& taker, const std::string& name, const json& value, SkyDnsEntry& entry) {
  if (name == "host") return taker.text(name, value, entry.host);
  if (name == "text") return taker.text(name, value, entry.text);
  if (name == "group") return taker.text(name, value, entry.group);
  if (name == "mail") return taker.flag(name, value, entry.is_mail);
  if (name == "port") return taker.number(name, value, entry.port);
  if (name == "priority") return taker.number(name, value, entry.priority);
  if (name == "weight") return taker.number(name, value, entry.weight);
  if (name == "targetstrip") return taker.number(name, value, entry.target_strip);
  if (name == "ttl") {
    taker.number(name, value, max_ttl, [&entry](std::int64_t taken) {
      if (taken > 0) entry.ttl = std::chrono::seconds{taken};
    });
  }
}

}  // namespace

Result<SkyDnsEntry> parse_skydns_entry(std::string_view text) {
  const json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return wrong("the value is no JSON");
  if (!value.is_object()) return wrong("the value is no JSON object");
  SkyDnsEntry entry;
  Taker taker;
  for (const auto& [name, member] : value.items()) {
    if (!member.is_null()) take(taker, lower(name), member, entry);
  }
  if (!taker.problem().empty()) return wrong(taker.problem());
  if (entry.priority == 0) entry.priority = SkyDnsEntry().priority;
  if (entry.host.empty() && entry.text.empty()) return wrong("neither host nor text");
  boost::system::error_code no_address;
  boost::asio::ip::make_address(entry.host, no_address);
  if (!entry.host.empty() && no_address) {
    if (const auto name = Name::parse(entry.host); !name) return name.error();
  }
  return entry;
}

}  // namespace paddock::dns
