// SPDX-License-Identifier: Apache-2.0
//
// How rules are written.
#include <paddock/dns/rules.hpp>

#include <charconv>
#include <sstream>
#include <vector>

namespace paddock::dns {
namespace {

Error bad_rule(std::string_view text, const std::string& why) {
  return {make_error_code(boost::system::errc::invalid_argument),
          "\"" + std::string(text) + "\": " + why};
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

// Lower case, without the final dot.
std::string as_matched(std::string text) {
  for (char& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  if (text.size() > 1 && text.back() == '.') {
    text.pop_back();
  }
  return text;
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (status != std::errc{} || rest != text.data() + text.size() || seconds > 0x7fffffff) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

// `ttl=30` or `ttl=30-300`. False when it is neither.
bool read_ttl(std::string_view text, Rewrite& rewrite) {
  text.remove_prefix(4);
  const auto dash = text.find('-');
  rewrite.least_ttl = parse_seconds(text.substr(0, dash));
  rewrite.most_ttl = dash == text.npos ? rewrite.least_ttl : parse_seconds(text.substr(dash + 1));
  return rewrite.least_ttl && rewrite.most_ttl && *rewrite.least_ttl <= *rewrite.most_ttl;
}

// Of a line of a list: a comment begins with `#` or `!` at its beginning or behind a space.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at) {
    const bool may_begin = at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t';
    if (may_begin && (line[at] == '#' || line[at] == '!')) return line.substr(0, at);
  }
  return line;
}

std::optional<NameMatch> parse_match(std::string_view word) {
  if (word == "exact") return NameMatch::exact;
  if (word == "prefix") return NameMatch::prefix;
  if (word == "suffix") return NameMatch::suffix;
  if (word == "regex") return NameMatch::regex;
  return std::nullopt;
}

}  // namespace

Result<std::vector<HostEntry>> parse_host_line(std::string_view line) {
  const auto words = words_of(line.substr(0, line.find('#')));
  std::vector<HostEntry> entries;
  if (words.empty()) {
    return entries;
  }
  boost::system::error_code failed;
  auto address = boost::asio::ip::make_address(words[0], failed);
  if (!failed && address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  if (failed || words.size() < 2) {
    return bad_rule(line,
                    "a host entry is an address and its names, such as `10.0.0.1 db.example`");
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    auto name = Name::parse(words[i]);
    if (!name) {
      return bad_rule(line, "`" + words[i] + "` is no name: " + name.error().text);
    }
    entries.push_back({.address = address, .name = *std::move(name)});
  }
  return entries;
}

Result<std::optional<Name>> parse_block_line(std::string_view line) {
  auto words = words_of(without_comment(line));
  boost::system::error_code failed;
  if (words.size() >= 2) {
    boost::asio::ip::make_address(words[0], failed);
    if (failed || words.size() > 2) {
      return bad_rule(line, "a line has one name, or 0.0.0.0 and a name");
    }
    words.erase(words.begin());
  }
  if (words.empty()) {
    return std::optional<Name>();
  }
  std::string_view text = words[0];
  if (text.find('#') != text.npos) {
    return std::optional<Name>();  // what a browser hides of a page: the name itself is wanted
  }
  if (text.starts_with("||")) {
    text.remove_prefix(2);
    text = text.substr(0, text.find('^'));
  }
  boost::asio::ip::make_address(std::string(text), failed);
  const bool is_address = !failed;
  auto name = Name::parse(text);
  if (!name) {
    return bad_rule(line, "no name: " + name.error().text);
  }
  const bool is_one_label = name->parent().is_root();
  const bool is_localhost = text.starts_with("localhost.");
  return is_address || is_one_label || is_localhost ? std::optional<Name>()
                                                    : std::optional(*std::move(name));
}

Result<Rewrite> parse_rewrite(std::string_view text) {
  auto words = words_of(text);
  Rewrite rewrite;
  if (!words.empty() && words.back().starts_with("ttl=")) {
    if (!read_ttl(words.back(), rewrite)) {
      return bad_rule(text, "a TTL is `ttl=30` or `ttl=30-300`, in seconds");
    }
    words.pop_back();
  }
  const auto match = words.empty() ? std::nullopt : parse_match(words[0]);
  if (!match || words.size() > 3 || words.size() < (rewrite.least_ttl ? 2U : 3U)) {
    return bad_rule(text, "a rewrite is `exact|prefix|suffix|regex FROM TO [ttl=30]`");
  }
  rewrite.match = *match;
  rewrite.from = *match == NameMatch::regex ? words[1] : as_matched(words[1]);
  rewrite.to = words.size() == 3 ? as_matched(words[2]) : "";
  return rewrite;
}

}  // namespace paddock::dns
