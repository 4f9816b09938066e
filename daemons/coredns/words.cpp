// SPDX-License-Identifier: Apache-2.0
#include "coredns/words.hpp"

#include <cctype>
#include <utility>

namespace paddock::coredns {
namespace {

dns::Error bad_word(const Place& place, const std::string& text) {
  return {make_error_code(boost::system::errc::invalid_argument), format(place) + ": " + text};
}

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

class Cutter {
 public:
  explicit Cutter(const Text& text) : rest_(text.text), place_{text.name, 1} {}

  dns::Result<std::vector<Word>> cut() {
    while (skip_to_word()) {
      Word word{.place = place_, .text = {}, .is_first = std::exchange(is_first_, false)};
      word.is_quoted = rest_.front() == '"';
      if (word.is_quoted ? !take_quoted(word.text) : !take_plain(word.text)) {
        return bad_word(word.place, "a quoted word without its end");
      }
      words_.push_back(std::move(word));
    }
    return std::move(words_);
  }

 private:
  bool skip_to_word() {
    bool is_comment = false;
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      const char c = rest_.front();
      if (c == '\n') {
        ++place_.line;
        is_first_ = true;
        is_comment = false;
      } else if (c == '#') {
        is_comment = true;
      } else if (!is_comment && !is_space(c)) {
        return true;
      }
    }
    return false;
  }
  bool take_plain(std::string& text) {
    while (!rest_.empty() && !is_space(rest_.front()) && rest_.front() != '#') {
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return true;
  }
  // Only a quote can be escaped; any other backslash is itself.
  bool take_quoted(std::string& text) {
    rest_.remove_prefix(1);
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      const char c = rest_.front();
      if (c == '"') {
        rest_.remove_prefix(1);
        return true;
      }
      if (c == '\n') ++place_.line;
      if (rest_.starts_with("\\\"")) {
        rest_.remove_prefix(1);
        text += '"';
      } else {
        text += c;
      }
    }
    return false;
  }

  std::string_view rest_;
  Place place_;
  bool is_first_ = true;
  std::vector<Word> words_;
};

// {$NAME} and {%NAME%}.
dns::Result<void> put_variables_in(Word& word, const Surroundings& surroundings) {
  for (const auto& [begin, end] : {std::pair<std::string_view, std::string_view>{"{$", "}"},
                                   std::pair<std::string_view, std::string_view>{"{%", "%}"}}) {
    for (std::size_t at = 0; (at = word.text.find(begin, at)) != std::string::npos;) {
      const auto close = word.text.find(end, at + begin.size());
      if (close == std::string::npos) break;
      const auto name = word.text.substr(at + begin.size(), close - at - begin.size());
      const auto value = surroundings.variable ? surroundings.variable(name) : std::nullopt;
      if (!value) {
        return bad_word(word.place, "the variable " + name +
                                        " is not set: set it as it is for CoreDNS, and try again");
      }
      word.text.replace(at, close + end.size() - at, *value);
      at += value->size();
    }
  }
  return {};
}

}  // namespace

std::string format(const Place& place) {
  return place.line == 0 ? place.file : place.file + ":" + std::to_string(place.line);
}

dns::Result<std::vector<Word>> cut_words(const Text& text, const Surroundings& surroundings) {
  auto words = Cutter(text).cut();
  if (!words) return words;
  for (Word& word : *words) {
    if (auto put = put_variables_in(word, surroundings); !put) return put.error();
  }
  return words;
}

}  // namespace paddock::coredns
