// SPDX-License-Identifier: Apache-2.0
//
// Our reader of JSON beside nlohmann-json, on documents made by chance, whole and spoilt: both
// accept the same, and find the same in it.
#include "codec/tree.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <memory>
#include <random>

namespace paddock::metadata {
namespace {

// What was read, event by event.
class Tape {
 public:
  bool null() { return add("null"); }
  bool boolean(bool flag) { return add(flag ? "true" : "false"); }
  bool number_integer(std::int64_t number) { return add(std::to_string(number)); }
  bool number_unsigned(std::uint64_t number) { return add(std::to_string(number)); }
  bool number_float(double, const std::string& text) { return add(text); }
  bool string(const std::string& text) {
    return add("text " + std::to_string(text.size()) + " " + text);
  }
  bool binary(const std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return add("{"); }
  bool key(const std::string& key) { return add("key " + std::to_string(key.size()) + " " + key); }
  bool end_object() { return add("}"); }
  bool start_array(std::size_t) { return add("["); }
  bool end_array() { return add("]"); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) {
    return false;
  }

  void play(const Value& value) {
    switch (value.type()) {
      case Value::Type::null:
        null();
        return;
      case Value::Type::boolean:
        boolean(value.flag());
        return;
      case Value::Type::number:
        add(std::string(value.text()));
        return;
      case Value::Type::text:
        string(std::string(value.text()));
        return;
      case Value::Type::list:
      case Value::Type::map:
        break;
    }
    const bool is_map = value.type() == Value::Type::map;
    add(is_map ? "{" : "[");
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (is_map) key(std::string(value.keys()[i]));
      play(value.items()[i]);
    }
    add(is_map ? "}" : "]");
  }

  [[nodiscard]] const std::string& events() const noexcept { return events_; }

 private:
  bool add(const std::string& event) {
    events_ += event + "\n";
    return true;
  }
  std::string events_;
};

std::optional<std::string> read_by_nlohmann(const std::string& text) {
  Tape tape;
  if (!nlohmann::json::sax_parse(text, &tape)) return std::nullopt;
  return tape.events();
}

// From memory that ends with the text, so that sanitizers see who reads beyond it.
std::optional<std::string> read_by_us(const std::string& text) {
  const auto exact = std::make_unique<char[]>(text.size());
  std::memcpy(exact.get(), text.data(), text.size());
  Tape tape;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&tape](const Value& root) { tape.play(root); });
  if (read_json({exact.get(), text.size()}, builder)) return std::nullopt;
  return tape.events();
}

class Chance {
 public:
  explicit Chance(unsigned seed) : bits_(seed) {}

  unsigned below(unsigned end) { return static_cast<unsigned>(bits_()) % end; }
  template <class T, std::size_t n>
  const T& one_of(const T (&choices)[n]) {
    return choices[below(n)];
  }

  std::string document() { return space() + value(0) + space(); }

  // With one to three places spoilt.
  std::string spoilt(std::string text) {
    static constexpr std::string_view bytes =
        "\"\\{}[]:,-+.0e1xunt/ \n\t\x01\x1f\x7f\x80\xbf\xc3\xed\xf4\xff";
    for (unsigned i = 0; i <= below(3); ++i) {
      const unsigned at = below(static_cast<unsigned>(text.size()));
      switch (below(4)) {
        case 0:
          text[at] = bytes[below(bytes.size())];
          break;
        case 1:
          text.insert(at, 1, bytes[below(bytes.size())]);
          break;
        case 2:
          text.erase(at, 1 + below(3));
          break;
        default:
          text.insert(at, text.substr(below(static_cast<unsigned>(text.size())), below(12)));
      }
      if (text.empty()) return text;
    }
    return text;
  }

 private:
  std::string space() {
    static const char* const spaces[] = {"", "", "", "", " ", "\n", "\r\n\t", "        "};
    return one_of(spaces);
  }
  std::string value(unsigned depth) {
    static const char* const literals[] = {"null", "true", "false"};
    switch (below(depth < 5 ? 6 : 4)) {
      case 0:
        return one_of(literals);
      case 1:
        return number();
      case 2:
      case 3:
        return string();
      case 4:
        return items('[', ']', [&] { return value(depth + 1); });
      default:
        return items('{', '}',
                     [&] { return string() + space() + ":" + space() + value(depth + 1); });
    }
  }
  template <class Item>
  std::string items(char open, char close, Item item) {
    std::string all = open + space();
    for (unsigned left = below(6); left > 0; --left) {
      all += item() + space() + (left > 1 ? "," : "") + space();
    }
    return all + close;
  }
  std::string digits(unsigned most) {
    std::string some = std::string(1, static_cast<char>('1' + below(9)));
    for (unsigned left = below(most); left > 0; --left) some += static_cast<char>('0' + below(10));
    return some;
  }
  std::string number() {
    static const char* const corners[] = {"0",
                                          "-0",
                                          "-0.0",
                                          "0e0",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "-9223372036854775809",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "1e308",
                                          "1e309",
                                          "-1.8e308",
                                          "1E+400",
                                          "1e-400",
                                          "0e9999999999",
                                          "1e99999999999999999999",
                                          "1e-99999999999999999999",
                                          "4.9e-324",
                                          "1e-2147483649"};
    if (below(8) == 0) return one_of(corners);
    static const char* const exponents[] = {"e", "E+", "e-"};
    std::string text = below(2) == 0 ? "-" : "";
    text += below(4) == 0 ? "0" : digits(below(40) == 0 ? 330 : 20);
    if (below(3) == 0) text += "." + std::string(below(40) == 0 ? 330 : 0, '0') + digits(8);
    if (below(3) == 0) text += one_of(exponents) + digits(3);
    return text;
  }
  std::string string() {
    static const char* const pieces[] = {
        "a", "addresses", "12345678", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\u20AC",
        "\\ud83d\\ude00", "\\uDBFF\\uDFFF", "\\u0000", "\xc3\xa9", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\x7f", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf",
        // Refused, seldom.
        "\\ud800", "\\udc00x", "\\ud83d\\u0041", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80",
        "\t", "\\x"};
    constexpr unsigned good = 19;
    std::string text = "\"";
    for (unsigned left = below(7); left > 0; --left) {
      text += pieces[below(300) == 0 ? good + below(std::size(pieces) - good) : below(good)];
    }
    return text + "\"";
  }

  std::mt19937 bits_;
};

TEST(JsonOracle, DocumentsByChanceAreReadAlike) {
  Chance chance(1);
  unsigned accepted = 0;

  for (int i = 0; i < 20'000; ++i) {
    const std::string text = chance.document();
    const auto expected = read_by_nlohmann(text);
    accepted += expected ? 1 : 0;
    ASSERT_EQ(read_by_us(text), expected) << text;
  }

  EXPECT_GT(accepted, 15'000U);
}

TEST(JsonOracle, SpoiltDocumentsAreRefusedAlike) {
  Chance chance(2);
  unsigned accepted = 0;

  for (int i = 0; i < 60'000; ++i) {
    const std::string text = chance.spoilt(chance.document());
    const auto expected = read_by_nlohmann(text);
    accepted += expected ? 1 : 0;
    ASSERT_EQ(read_by_us(text), expected) << text;
  }

  EXPECT_GT(accepted, 5'000U);
  EXPECT_LT(accepted, 55'000U);
}

TEST(JsonOracle, NoBeginningOfAListOrMapIsAWhole) {
  Chance chance(3);

  for (int i = 0; i < 300; ++i) {
    const std::string text = "[" + chance.document() + "]";
    if (!read_by_nlohmann(text)) continue;
    for (std::size_t size = 0; size < text.size(); ++size) {
      ASSERT_FALSE(read_by_us(text.substr(0, size))) << text.substr(0, size);
    }
    ASSERT_TRUE(read_by_us(text)) << text;
  }
}

}  // namespace
}  // namespace paddock::metadata
