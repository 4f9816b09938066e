// SPDX-License-Identifier: Apache-2.0
#include "runtime/options.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace paddock::runtime {
namespace {

using std::chrono::milliseconds;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::string format_duration(milliseconds span) {
  const auto count = span.count();
  if (count != 0 && count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
  if (count != 0 && count % 60'000 == 0) return std::to_string(count / 60'000) + "m";
  if (count % 1'000 == 0) return std::to_string(count / 1'000) + "s";
  return std::to_string(count) + "ms";
}

bool is_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || !parse_number<std::uint16_t>(text.substr(colon + 1))) {
    return false;
  }
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return !error && address.is_v6() == bracketed;
}

// Letters to insert, drop, replace or swap with their neighbour to make one word of the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  using Line = std::vector<std::size_t>;
  std::vector<Line> lines(from.size() + 1, Line(to.size() + 1));
  for (std::size_t i = 0; i <= from.size(); ++i) lines[i][0] = i;
  for (std::size_t j = 0; j <= to.size(); ++j) lines[0][j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = lines[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      lines[i][j] = std::min({lines[i - 1][j] + 1, lines[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        lines[i][j] = std::min(lines[i][j], lines[i - 2][j - 2] + 1);
      }
    }
  }
  return lines.back().back();
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number<std::int32_t>(text.substr(0, digits));
  const auto unit = text.substr(digits);
  if (!number) return std::nullopt;
  if (unit == "ms") return milliseconds{*number};
  if (unit == "s" || unit.empty()) return std::chrono::seconds{*number};
  if (unit == "m") return std::chrono::minutes{*number};
  if (unit == "h") return std::chrono::hours{*number};
  return std::nullopt;
}

namespace checks {

Check endpoint() {
  return [](const std::string& text) {
    return is_endpoint(text) ? "" : "allowed: ADDRESS:PORT, as 127.0.0.1:53 or [::1]:53";
  };
}

Check endpoint_or_none() {
  return [](const std::string& text) {
    return text == "none" || is_endpoint(text)
               ? ""
               : "allowed: ADDRESS:PORT, as 127.0.0.1:53 or [::1]:53, or none";
  };
}

Check address() {
  return [](const std::string& text) {
    boost::system::error_code error;
    boost::asio::ip::make_address(text, error);
    return error ? "allowed: an IPv4 or IPv6 address" : "";
  };
}

Check subnet() {
  return [](const std::string& text) {
    boost::system::error_code error;
    boost::asio::ip::make_network_v4(text, error);
    if (error) boost::asio::ip::make_network_v6(text, error);
    return error ? "allowed: ADDRESS/LENGTH, as 10.42.0.0/16" : "";
  };
}

Check absolute_path() {
  return [](const std::string& text) {
    return text.starts_with('/') ? "" : "allowed: a path that begins with /";
  };
}

Check one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::ranges::find(words, text) != words.end()) return "";
    std::string allowed = "allowed: ";
    for (const auto& word : words) {
      if (word != words.front()) allowed += ", ";
      allowed += word;
    }
    const auto meant = nearest(text, words);
    return meant.empty() ? allowed : allowed + "; did you mean " + meant + "?";
  };
}

}  // namespace checks

OptionTable::OptionTable(std::string daemon, std::string summary)
    : daemon_(std::move(daemon)), summary_(std::move(summary)) {}

void OptionTable::text(OptionText option, std::string& target, Check check) {
  options_.push_back({.text = std::move(option),
                      .kind = Option::Kind::text,
                      .defaults = {target},
                      .set =
                          [&target, check = std::move(check)](const std::string& value) {
                            std::string wrong = check ? check(value) : std::string{};
                            if (wrong.empty()) target = value;
                            return wrong;
                          },
                      .clear = [&target] { target.clear(); },
                      .chosen = {target}});
}

void OptionTable::list(OptionText option, std::vector<std::string>& target, Check each) {
  options_.push_back({.text = std::move(option),
                      .kind = Option::Kind::list,
                      .defaults = target,
                      .set =
                          [&target, each = std::move(each)](const std::string& value) {
                            std::string wrong = each ? each(value) : std::string{};
                            if (wrong.empty()) target.push_back(value);
                            return wrong;
                          },
                      .clear = [&target] { target.clear(); },
                      .chosen = target});
}

void OptionTable::boolean(OptionText option, bool& target) {
  const std::string shown = target ? "true" : "false";
  options_.push_back({.text = std::move(option),
                      .kind = Option::Kind::boolean,
                      .defaults = {shown},
                      .set = [&target](const std::string& value) -> std::string {
                        if (value != "true" && value != "false") return "allowed: true or false";
                        target = value == "true";
                        return "";
                      },
                      .clear = [] {},
                      .chosen = {shown}});
}

void OptionTable::action(OptionText option, bool& target) {
  boolean(std::move(option), target);
  options_.back().is_action = true;
}

void OptionTable::duration(OptionText option, milliseconds& target, milliseconds least,
                           milliseconds most) {
  const auto shown = format_duration(target);
  options_.push_back({.text = std::move(option),
                      .kind = Option::Kind::duration,
                      .defaults = {shown},
                      .set = [&target, least, most](const std::string& value) -> std::string {
                        const auto span = parse_duration(value);
                        if (!span || *span < least || *span > most) {
                          return "allowed: a time from " + format_duration(least) + " to " +
                                 format_duration(most) + ", as 250ms, 5s, 2m or 1h";
                        }
                        target = *span;
                        return "";
                      },
                      .clear = [] {},
                      .chosen = {shown}});
}

void OptionTable::add_integer(OptionText option, std::int64_t value, std::int64_t least,
                              std::int64_t most, std::function<void(std::int64_t)> assign) {
  const auto shown = std::to_string(value);
  options_.push_back(
      {.text = std::move(option),
       .kind = Option::Kind::integer,
       .defaults = {shown},
       .set = [assign = std::move(assign), least, most](const std::string& text) -> std::string {
         const auto number = parse_number<std::int64_t>(text);
         if (!number || *number < least || *number > most) {
           return "allowed: a whole number from " + std::to_string(least) + " to " +
                  std::to_string(most);
         }
         assign(*number);
         return "";
       },
       .clear = [] {},
       .chosen = {shown}});
}

std::string key_of(std::string_view option) {
  std::string key(option);
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string nearest(std::string_view typo, const std::vector<std::string>& words) {
  std::string best;
  auto distance =
      std::max<std::size_t>(typo.size() / 3, 1) + 1;  // farther than this is another word
  for (const auto& word : words) {
    const auto here = edit_distance(typo, word);
    if (here < distance) {
      distance = here;
      best = word;
    }
  }
  return best;
}

}  // namespace paddock::runtime
