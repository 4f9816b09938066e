// SPDX-License-Identifier: Apache-2.0
#include "coredns/corefile.hpp"

#include "coredns/words.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace paddock::coredns {
namespace {

constexpr int deepest = 16;  // blocks in blocks, files that import files
// Snippets that import snippets multiply.
constexpr std::size_t most_directives = 20'000;

dns::Error bad_syntax(const Place& place, const std::string& text) {
  return {make_error_code(boost::system::errc::invalid_argument), format(place) + ": " + text};
}

dns::Error too_many(const Place& place) {
  return bad_syntax(place, "more than 20,000 lines, imports included");
}

bool is_open(const Word& word) { return !word.is_quoted && word.text == "{"; }
bool is_close(const Word& word) { return !word.is_quoted && word.text == "}"; }

bool is_snippet(const ServerBlock& block) {
  const auto& key = block.keys.front();
  return block.keys.size() == 1 && key.size() > 2 && key.front() == '(' && key.back() == ')';
}

std::size_t size_of(const std::vector<Directive>& lines) {
  std::size_t size = lines.size();
  for (const Directive& line : lines) size += size_of(line.block);
  return size;
}

class Parser {
 public:
  explicit Parser(const Surroundings& surroundings) : surroundings_(surroundings) {}

  dns::Result<void> read(const Text& text, int depth) {
    if (depth > deepest) return bad_syntax({text.name, 1}, "imports are nested too deeply");
    auto words = cut_words(text, surroundings_);
    if (!words) return words.error();
    Cursor cursor{.words = std::move(*words)};
    while (!cursor.is_at_end()) {
      if (auto read = read_block(cursor, depth); !read) return read.error();
    }
    return {};
  }
  Corefile take() && { return std::move(corefile_); }

 private:
  struct Cursor {
    std::vector<Word> words;
    std::size_t at = 0;
    [[nodiscard]] bool is_at_end() const { return at == words.size(); }
    [[nodiscard]] const Word& next() const { return words[at]; }
    [[nodiscard]] bool is_line_over() const { return is_at_end() || next().is_first; }
  };

  dns::Result<void> read_block(Cursor& cursor, int depth) {
    if (cursor.next().text == "import" && !cursor.next().is_quoted) {
      return import_blocks(cursor, depth);
    }
    ServerBlock block{.place = cursor.next().place, .keys = {}};
    auto keys = read_keys(cursor);
    if (!keys) return keys.error();
    block.keys = std::move(*keys);
    // A file of one server needs no braces.
    const bool has_braces = !cursor.is_at_end() && is_open(cursor.next());
    if (has_braces) ++cursor.at;
    auto plugins = read_lines(cursor, has_braces, depth + 1);
    if (!plugins) return plugins.error();
    block.plugins = std::move(*plugins);
    if (is_snippet(block)) {
      const auto key = block.keys.front();
      snippets_[key.substr(1, key.size() - 2)] = std::move(block.plugins);
    } else {
      corefile_.blocks.push_back(std::move(block));
    }
    return {};
  }

  // Up to the brace or the end of the line; a comma at its end goes on in the next.
  static dns::Result<std::vector<std::string>> read_keys(Cursor& cursor) {
    std::vector<std::string> keys;
    const Place place = cursor.next().place;
    bool is_begun = false;
    bool goes_on = false;
    while (!cursor.is_at_end() && !is_open(cursor.next())) {
      const Word& word = cursor.next();
      if (is_begun && word.is_first && !goes_on) break;
      if (is_close(word)) return bad_syntax(word.place, "a } without its {");
      is_begun = true;
      goes_on = word.text.ends_with(',');
      const auto key = goes_on ? word.text.substr(0, word.text.size() - 1) : word.text;
      if (!key.empty()) keys.push_back(key);
      ++cursor.at;
    }
    if (keys.empty()) return bad_syntax(place, "a block without the zone it is for");
    return keys;
  }

  // The lines of a block, up to and with its closing brace, or of the rest of a file.
  dns::Result<std::vector<Directive>> read_lines(Cursor& cursor, bool has_braces, int depth) {
    std::vector<Directive> lines;
    const Place begin = cursor.at > 0 ? cursor.words[cursor.at - 1].place : Place{};
    if (depth > deepest) return bad_syntax(begin, "blocks are nested too deeply");
    while (!cursor.is_at_end()) {
      const Word& word = cursor.next();
      if (is_close(word)) {
        if (!has_braces) return bad_syntax(word.place, "a } without its {");
        ++cursor.at;
        if (!cursor.is_line_over()) {
          return bad_syntax(word.place, "a } must be the last word of its line");
        }
        return lines;
      }
      if (auto read = read_line(cursor, lines, depth); !read) return read.error();
    }
    if (has_braces) return bad_syntax(begin, "a { without its }");
    return lines;
  }

  dns::Result<void> read_line(Cursor& cursor, std::vector<Directive>& lines, int depth) {
    Directive line{.place = cursor.next().place, .words = {cursor.next().text}};
    if (is_open(cursor.next())) return bad_syntax(line.place, "a { without a name before it");
    ++cursor.at;
    bool has_block = false;
    while (!cursor.is_line_over()) {
      const Word& word = cursor.next();
      if (has_block) return bad_syntax(word.place, "a { must be the last word of its line");
      if (is_close(word)) return bad_syntax(word.place, "a } must begin its line");
      has_block = is_open(word);
      if (!has_block) line.words.push_back(word.text);
      ++cursor.at;
    }
    if (has_block) {
      auto block = read_lines(cursor, true, depth + 1);
      if (!block) return block.error();
      line.block = std::move(*block);
    }
    if (++directives_ > most_directives) return too_many(line.place);
    if (line.name() == "import") return import_lines(line, lines, depth);
    lines.push_back(std::move(line));
    return {};
  }

  dns::Result<void> import_lines(const Directive& import, std::vector<Directive>& lines,
                                 int depth) {
    if (import.words.size() != 2) return bad_syntax(import.place, "import names one thing");
    if (const auto snippet = snippets_.find(import.words[1]); snippet != snippets_.end()) {
      directives_ += size_of(snippet->second);
      if (directives_ > most_directives) return too_many(import.place);
      lines.insert(lines.end(), snippet->second.begin(), snippet->second.end());
      return {};
    }
    const auto texts = found(import);
    for (const Text& text : texts) {
      auto words = cut_words(text, surroundings_);
      if (!words) return words.error();
      Cursor cursor{.words = std::move(*words)};
      auto more = read_lines(cursor, false, depth + 1);
      if (!more) return more.error();
      std::ranges::move(*more, std::back_inserter(lines));
    }
    return {};
  }

  dns::Result<void> import_blocks(Cursor& cursor, int depth) {
    Directive import{.place = cursor.next().place, .words = {cursor.next().text}};
    for (++cursor.at; !cursor.is_line_over(); ++cursor.at) {
      import.words.push_back(cursor.next().text);
    }
    if (import.words.size() != 2) return bad_syntax(import.place, "import names one thing");
    for (const Text& text : found(import)) {
      if (auto more = read(text, depth + 1); !more) return more.error();
    }
    return {};
  }

  // A pattern that nothing matches is as good as an empty file, for CoreDNS too.
  std::vector<Text> found(const Directive& import) {
    auto texts = surroundings_.files ? surroundings_.files(import.words[1]) : std::vector<Text>{};
    if (texts.empty()) corefile_.missing.push_back(import);
    return texts;
  }

  const Surroundings& surroundings_;
  Corefile corefile_;
  std::map<std::string, std::vector<Directive>> snippets_;
  std::size_t directives_ = 0;
};

}  // namespace

dns::Result<Corefile> parse_corefile(const Text& corefile, const Surroundings& surroundings) {
  Parser parser(surroundings);
  if (auto read = parser.read(corefile, 0); !read) return read.error();
  return std::move(parser).take();
}

}  // namespace paddock::coredns
