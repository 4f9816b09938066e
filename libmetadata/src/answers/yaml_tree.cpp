// SPDX-License-Identifier: Apache-2.0
#include "answers/yaml_tree.hpp"

#include "codec/yaml_events.hpp"
#include "documents/fields.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace paddock::metadata::answers {
namespace {

using documents::Node;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<Node> integer(std::string_view digits) {
  const bool is_negative = digits.starts_with('-');
  if (is_negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = digits[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' ? 2 : 8;
    digits.remove_prefix(base == 8 && mark != 'o' ? 1 : 2);
  }
  std::uint64_t number = 0;
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  const std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (number > (is_negative ? most + 1 : most)) {
    return Node(is_negative ? -static_cast<double>(number) : static_cast<double>(number));
  }
  return Node(static_cast<std::int64_t>(is_negative ? 0 - number : number));
}

// A plain scalar as YAML 1.1 has it.
Node resolve(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return {};
  if (is_one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
    return true;
  }
  if (is_one_of(text,
                {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
    return false;
  }
  const char first = text.front();
  if (first != '+' && first != '-' && first != '.' && (first < '0' || first > '9')) return text;
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c != '_'; });
  if (const auto whole = integer(digits)) return *whole;
  const std::string_view rest = std::string_view(digits).substr(digits.starts_with('+') ? 1 : 0);
  double number = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const bool is_number = failed == std::errc{} && end == rest.data() + rest.size() &&
                         rest.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
  return is_number ? Node(number) : Node(text);
}

// What a node comes to when its aliases are written out. Stops counting above what is allowed.
struct Weight {
  std::uint64_t values = 1;
  std::uint64_t bytes = 0;
  unsigned depth = 1;

  void add(const Weight& inner) {
    values = std::min(values + inner.values, most_unfolded_values + 1);
    bytes = std::min(bytes + inner.bytes, most_unfolded_bytes + 1);
    depth = std::max(depth, inner.depth + 1);
  }
  [[nodiscard]] bool is_too_much() const {
    return values > most_unfolded_values || bytes > most_unfolded_bytes;
  }
};

struct Weighed {
  Node node;
  Weight weight;
};

// A list or map that has not ended.
struct Open {
  bool is_map = false;
  unsigned line = 0;
  YAML::anchor_t anchor = 0;
  Entries entries;
  std::vector<unsigned> lines;  // of the entries
  std::vector<Node> items;
  std::optional<std::string> key;
  Weight weight;
};

class TreeHandler final : public YamlHandler {
 public:
  explicit TreeHandler(TreeText& read) : read_(read) {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (is_ignoring()) return;
    if (expects_key()) throw Refused{"a key must be text", line_of(mark)};
    keep(anchor, {});
    add({}, line_of(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (is_ignoring()) return;
    const bool is_plain = is_resolved_by_text(tag, mark);
    if (expects_key()) {
      if (is_plain && is_one_of(text, {"", "~", "null"})) {
        throw Refused{"a key must be text", line_of(mark)};
      }
      keep(anchor, {text, {1, text.size(), 1}});
      open_.back().key = text;
      return;
    }
    Weighed value{is_plain ? resolve(text) : Node(text), {1, text.size(), 1}};
    keep(anchor, value);
    add(std::move(value), line_of(mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (is_ignoring()) return;
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end()) {
      throw Refused{"an alias stands inside what it names", line_of(mark)};
    }
    const Weighed& value = named->second;
    if (expects_key()) {
      const auto* text = std::get_if<std::string>(&value.node);
      if (text == nullptr) throw Refused{"a key must be text", line_of(mark)};
      open_.back().key = *text;
      return;
    }
    if (open_.size() + value.weight.depth > Limits::depth) throw too_deep(line_of(mark));
    add(value, line_of(mark));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(false, mark, anchor);
  }
  void OnSequenceEnd() override {
    if (is_ignoring()) return;
    Open list = take_innermost();
    end(list, documents::list_of(std::move(list.items)));
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(true, mark, anchor);
  }
  void OnMapEnd() override {
    if (is_ignoring()) return;
    Open map = take_innermost();
    merge(map);
    end(map, map_of_last(std::move(map.entries), map.lines, read_.doubts));
  }

 private:
  // Versions and clients are read one at a time: only what is below them can be asked for at once.
  static constexpr std::size_t levels_of_clients = 2;

  void begin_document(unsigned line) override {
    anchors_.clear();
    if (++documents_ == 2) {
      read_.doubts.push_back({"a second YAML document begins here: it is not read", line});
    }
  }
  [[nodiscard]] bool is_ignoring() const { return documents_ > 1; }
  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().is_map && !open_.back().key;
  }
  static Refused too_deep(unsigned line) {
    return {
        "lists and maps inside one another more than " + std::to_string(Limits::depth) + " deep",
        line};
  }

  void keep(YAML::anchor_t anchor, const Weighed& value) {
    if (anchor != 0) anchors_[anchor] = value;
  }
  void begin(bool is_map, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (is_ignoring()) return;
    if (expects_key()) throw Refused{"a key must be text", line_of(mark)};
    if (open_.size() >= Limits::depth) throw too_deep(line_of(mark));
    Open& opened = open_.emplace_back();
    opened.is_map = is_map;
    opened.line = line_of(mark);
    opened.anchor = anchor;
  }
  Open take_innermost() {
    Open taken = std::move(open_.back());
    open_.pop_back();
    return taken;
  }
  void end(const Open& ended, Node node) {
    const Weighed value{std::move(node), ended.weight};
    keep(ended.anchor, value);
    add(value, ended.line);
  }

  void add(Weighed value, unsigned line) {
    if (open_.empty()) {
      read_.root = std::move(value.node);
      return;
    }
    Open& around = open_.back();
    around.weight.add(value.weight);
    if (open_.size() > levels_of_clients && around.weight.is_too_much()) {
      throw Refused{"aliases repeat too much: written out, this is more than a client may be sent",
                    line};
    }
    if (!around.is_map) {
      around.items.push_back(std::move(value.node));
      return;
    }
    around.weight.bytes += around.key->size();
    around.entries.emplace_back(std::move(*around.key), std::move(value.node));
    around.lines.push_back(line);
    around.key.reset();
  }

  // "<<": the keys of the named maps, where this one has none of that name.
  static void merge(Open& map) {
    const auto at = std::find_if(map.entries.begin(), map.entries.end(),
                                 [](const auto& entry) { return entry.first == "<<"; });
    if (at == map.entries.end()) return;
    const auto line = map.lines.begin() + (at - map.entries.begin());
    const Node source = std::move(at->second);
    map.lines.erase(line);
    map.entries.erase(at);
    std::unordered_set<std::string> taken;
    for (const auto& entry : map.entries) taken.insert(entry.first);
    const auto* list = std::get_if<std::shared_ptr<const documents::List>>(&source);
    if (list == nullptr) return take_keys(map, source, taken);
    for (std::size_t i = 0; i < (*list)->size(); ++i) take_keys(map, (*list)->at(i), taken);
  }
  static void take_keys(Open& map, const Node& from, std::unordered_set<std::string>& taken) {
    const auto* source = std::get_if<std::shared_ptr<const documents::Map>>(&from);
    if (source == nullptr) throw Refused{"<<: must be a map, or a list of maps", map.line};
    for (const std::string_view key : (*source)->keys()) {
      if (!taken.emplace(key).second) continue;
      map.entries.emplace_back(key, *(*source)->find(key));
      map.lines.push_back(map.line);
    }
  }

  TreeText& read_;
  int documents_ = 0;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Weighed> anchors_;
};

}  // namespace

Node map_of_last(Entries entries, const std::vector<unsigned>& lines,
                 std::vector<TextError>& doubts) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto [known, is_new] = last.emplace(entries[i].first, i);
    if (is_new) continue;
    if (doubts.size() < Limits::problems) {
      doubts.push_back(
          {"the key " + entries[i].first + " is given twice: the last one counts", lines[i]});
    }
    known->second = i;
  }
  if (last.size() == entries.size()) return documents::map_of(std::move(entries));
  Entries kept;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (last.at(entries[i].first) == i) kept.push_back(entries[i]);
  }
  return documents::map_of(std::move(kept));
}

TreeText read_yaml_tree(std::string_view text) {
  TreeText read;
  TreeHandler handler(read);
  read.error = parse_yaml(text, handler);
  if (read.error) read.root = {};
  return read;
}

}  // namespace paddock::metadata::answers
