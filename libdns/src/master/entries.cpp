// SPDX-License-Identifier: Apache-2.0
#include "master/entries.hpp"

#include <string>

namespace paddock::dns::master {
namespace {

Error syntax_error(std::string_view what) {
  return {make_error_code(boost::system::errc::invalid_argument), std::string(what)};
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

Result<std::optional<Entry>> Entries::next() {
  while (!rest_.empty()) {
    Entry entry{.line = line_, .begins_blank = is_space(rest_.front()), .words = {}};
    for (;;) {
      auto word = next_word(entry);
      if (!word) return word.error();
      if (!*word) break;
      entry.words.push_back(**word);
    }
    if (!entry.words.empty()) return std::optional(std::move(entry));
  }
  if (depth_ > 0) return syntax_error("a parenthesis is not closed");
  return std::optional<Entry>();
}

// Nothing at the end of the entry.
Result<std::optional<std::string_view>> Entries::next_word(Entry& entry) {
  for (; !rest_.empty(); rest_.remove_prefix(1)) {
    const char c = rest_.front();
    if (c == ';') skip_comment();
    if (rest_.empty()) break;
    if (rest_.front() == '\n') {
      ++line_;
      if (depth_ > 0) continue;
      rest_.remove_prefix(1);
      return std::optional<std::string_view>();
    }
    if (c == '(') {
      ++depth_;
    } else if (c == ')') {
      if (depth_ == 0) return syntax_error("a parenthesis closes nothing");
      --depth_;
    } else if (!is_space(c)) {
      if (entry.words.empty()) entry.line = line_;
      auto word = read_word();
      if (!word) return word.error();
      return std::optional(*word);
    }
  }
  return std::optional<std::string_view>();
}

// A word may have quoted parts anywhere in it, as in `alpn="h2,h3"`.
Result<std::string_view> Entries::read_word() {
  std::size_t size = 0;
  bool is_quoted = false;
  for (; size < rest_.size(); ++size) {
    const char c = rest_[size];
    if (c == '\n') break;
    if (c == '\\') {
      ++size;
      if (size >= rest_.size() || rest_[size] == '\n') return syntax_error("ends in a backslash");
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && (is_space(c) || c == ';' || c == '(' || c == ')')) {
      break;
    }
  }
  if (is_quoted) return syntax_error("a quotation is not closed");
  const std::string_view word = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return word;
}

void Entries::skip_comment() {
  const std::size_t end = rest_.find('\n');
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end);
}

}  // namespace paddock::dns::master
