// SPDX-License-Identifier: Apache-2.0
//
// JSON text to values. nlohmann-json reads the text (strictly: RFC 8259, UTF-8); what it tells
// us as it goes becomes the tree.
#include "codec/tree.hpp"

#include <paddock/metadata/codec.hpp>

#include <nlohmann/json.hpp>

#include <iterator>

namespace paddock::metadata {
namespace {

struct Position {
  unsigned line = 1;
  std::size_t read = 0;  // characters
  char last = 0;
};

// Reads characters and counts lines as the parser goes.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    position_->last = *at_;
    ++position_->read;
    if (*at_++ == '\n') ++position_->line;
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ != b.at_;
  }

 private:
  const char* at_;
  Position* position_;
};

class SaxToTree {
 public:
  SaxToTree(TreeBuilder& builder, const Position& position)
      : builder_(builder), position_(position) {}

  bool null() { return add(Value::Type::null); }
  bool boolean(bool flag) {
    Value value = make(Value::Type::boolean);
    value.flag = flag;
    builder_.scalar(std::move(value));
    return true;
  }
  bool number_integer(std::int64_t number) { return add_number(std::to_string(number)); }
  bool number_unsigned(std::uint64_t number) { return add_number(std::to_string(number)); }
  bool number_float(double, const std::string& text) { return add_number(text); }
  // Short texts are copied: the parser keeps its buffer for the next.
  bool string(std::string& text) {
    constexpr std::size_t is_short = 256;
    return add(Value::Type::text, text.size() <= is_short ? std::string(text) : std::move(text));
  }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // not in JSON
  bool start_object(std::size_t) { return begin(Value::Type::map); }
  bool start_array(std::size_t) { return begin(Value::Type::list); }
  bool key(std::string& key) {
    builder_.key(key);
    return true;
  }
  bool end_object() { return end(); }
  bool end_array() { return end(); }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::json::exception& thrown) {
    std::string_view what = thrown.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
    for (const char* lead : {"] ", ": "}) {
      const auto at = what.find(lead);
      if (at != std::string_view::npos) what.remove_prefix(at + 2);
    }
    return fail("not JSON at byte " + std::to_string(byte) + ": " + std::string(what));
  }

  [[nodiscard]] const std::optional<TextError>& error() const noexcept { return error_; }

 private:
  Value make(Value::Type type) const {
    Value value;
    value.type = type;
    value.line = position_.line;
    return value;
  }
  bool add(Value::Type type, std::string text = {}) {
    Value value = make(type);
    value.text = std::move(text);
    builder_.scalar(std::move(value));
    return true;
  }
  // A number ends where the next character begins, which has been read already.
  bool add_number(std::string text) {
    Value value = make(Value::Type::number);
    if (position_.last == '\n') --value.line;
    value.text = std::move(text);
    builder_.scalar(std::move(value));
    return true;
  }
  bool begin(Value::Type type) {
    if (builder_.begin(type, position_.line)) return true;
    return fail("lists and maps inside one another more than " + std::to_string(Limits::depth) +
                " deep");
  }
  bool end() {
    builder_.end();
    return true;
  }
  bool fail(std::string message) {
    if (!error_) error_ = TextError{std::move(message), position_.line};
    return false;
  }

  TreeBuilder& builder_;
  const Position& position_;
  std::optional<TextError> error_;
};

}  // namespace

std::optional<TextError> read_json(std::string_view text, TreeBuilder& builder) {
  Position position;
  SaxToTree sax(builder, position);
  const char* begin = text.data();
  nlohmann::json::sax_parse(CountingIterator(begin, &position),
                            CountingIterator(begin + text.size(), &position), &sax);
  return sax.error();
}

std::optional<TextError> read_json_sequence(std::string_view text, TreeBuilder& builder) {
  Position position;
  SaxToTree sax(builder, position);
  CountingIterator at(text.data(), &position);
  const CountingIterator end(text.data() + text.size(), &position);
  for (;;) {
    while (at != end && std::string_view(" \t\r\n").find(*at) != std::string_view::npos) ++at;
    if (at == end) return std::nullopt;
    if (*at != '{') return TextError{"not JSON: an object must begin here", position.line};
    // An object ends with its brace: the parser reads nothing behind it.
    nlohmann::json::sax_parse(at, end, &sax, nlohmann::json::input_format_t::json, false);
    if (sax.error()) return sax.error();
    at = CountingIterator(text.data() + position.read, &position);
  }
}

}  // namespace paddock::metadata
