// SPDX-License-Identifier: Apache-2.0
#include "http/head_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace paddock::metadata::http {
namespace {

using State = ParseResult::State;

constexpr ParseResult not_whole{State::incomplete};
constexpr ParseResult done{State::done};

ParseResult bad(std::string_view why, int status = 400) { return {State::failed, status, why}; }

// What each byte may be part of.
enum : std::uint8_t { token_byte = 1, value_byte = 2 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_token =
        is_alphanumeric ||
        (c < 128 &&
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
    const bool is_value = c == '\t' || (c >= 0x20 && c != 0x7f);
    classes[c] =
        static_cast<std::uint8_t>((is_token ? token_byte : 0) | (is_value ? value_byte : 0));
  }
  return classes;
}

constexpr auto classes = make_classes();

// Looks at all of it: a loop without a way out of it is faster, and most is what it should be.
bool consists_of(std::string_view text, unsigned wanted) noexcept {
  for (const char c : text) wanted &= classes[static_cast<unsigned char>(c)];
  return wanted != 0;
}

// What bytes a target has: it is what is longest in most heads, and mostly has none of these.
struct TargetBytes {
  bool has_forbidden = false;  // no control, space or '#' may be in it
  bool has_question_mark = false;
  bool has_percent = false;
};

// Eight bytes at a time: "whether a word has a byte below n", "a byte of zero" as in Hacker's
// Delight 6-1.
TargetBytes look_at_target(std::string_view text) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = ones << 7U;
  std::uint64_t forbidden = 0;
  std::uint64_t question_mark = 0;
  std::uint64_t percent = 0;
  const auto look = [&](std::uint64_t word) {
    const auto has = [word](std::uint64_t byte) {
      const std::uint64_t difference = word ^ ones * byte;
      return (difference - ones) & ~difference;
    };
    forbidden |= ((word - ones * 0x21) & ~word) | has(0x7f) | has('#');
    question_mark |= has('?');
    percent |= has('%');
  };
  std::uint64_t word = 0;
  for (; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
    std::memcpy(&word, text.data(), sizeof word);
    look(word);
  }
  word = ones * '/';
  std::memcpy(&word, text.data(), text.size());
  look(word);
  return {.has_forbidden = (forbidden & highs) != 0,
          .has_question_mark = (question_mark & highs) != 0,
          .has_percent = (percent & highs) != 0};
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes the next line with its CRLF off `rest`. A line that ends in a bare LF is an error.
enum class LineState { found, incomplete, bare_lf };
LineState take_line(std::string_view& rest, std::string_view& line) noexcept {
  const auto* lf = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  if (lf == nullptr) return LineState::incomplete;
  const auto length = static_cast<std::size_t>(lf - rest.data());
  if (length == 0 || rest[length - 1] != '\r') return LineState::bare_lf;
  line = rest.substr(0, length - 1);
  rest.remove_prefix(length + 1);
  return LineState::found;
}

// The forms of a target (RFC 9112 section 3.2): origin, absolute, and the asterisk of OPTIONS.
bool split_target(std::string_view target, const TargetBytes& bytes, Head& head) noexcept {
  if (target == "*") {
    head.path = target;
    head.query = {};
    return head.method == "OPTIONS";
  }
  if (target.front() != '/') {
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos ||
        !(equals_ignoring_case(target.substr(0, scheme), "http") ||
          equals_ignoring_case(target.substr(0, scheme), "https"))) {
      return false;
    }
    target.remove_prefix(scheme + 3);
    const auto authority = std::min(target.find_first_of("/?"), target.size());
    if (authority == 0) return false;
    target.remove_prefix(authority);
  }
  const auto mark =
      bytes.has_question_mark ? std::min(target.find('?'), target.size()) : target.size();
  head.path = mark == 0 ? std::string_view("/") : target.substr(0, mark);
  head.query = mark == target.size() ? std::string_view() : target.substr(mark + 1);
  return true;
}

ParseResult parse_version(std::string_view version, Head& head) {
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.' ||
      version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9') {
    return bad("the protocol version is malformed");
  }
  if (version[5] != '1') return bad("only HTTP/1.0 and HTTP/1.1 are spoken here", 505);
  head.is_http_1_0 = version[7] == '0';
  return done;
}

ParseResult parse_target(std::string_view target, Head& head) {
  const TargetBytes bytes = look_at_target(target);
  if (target.empty() || bytes.has_forbidden || !split_target(target, bytes, head)) {
    return bad("the request target is malformed");
  }
  if (bytes.has_percent && !has_good_escapes(head.path)) {
    return bad("an escape in the path is malformed");
  }
  return done;
}

ParseResult parse_request_line(std::string_view line, Head& head) {
  // Nearly all lines begin and end so, and need no search.
  constexpr std::string_view usual_begin = "GET ";
  constexpr std::string_view usual_end = " HTTP/1.1";
  const bool begins_usually = line.starts_with(usual_begin);
  const bool ends_usually = line.ends_with(usual_end);
  const auto first = begins_usually ? usual_begin.size() - 1 : line.find(' ');
  const auto last = ends_usually ? line.size() - usual_end.size() : line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("the request line is malformed");
  head.method = line.substr(0, first);
  if (!begins_usually && (head.method.empty() || !consists_of(head.method, token_byte))) {
    return bad("the method is malformed");
  }
  head.is_http_1_0 = false;
  if (!ends_usually) {
    const auto result = parse_version(line.substr(last + 1), head);
    if (result.state != State::done) return result;
  }
  head.keep_alive = !head.is_http_1_0;
  if (head.method == "CONNECT") return bad("this is no proxy", 501);
  return parse_target(line.substr(first + 1, last - first - 1), head);
}

// What of the header fields decides how the message is read.
struct Framing {
  bool has_length = false;
  bool has_encoding = false;
  unsigned hosts = 0;
};

ParseResult read_length(std::string_view value, Head& head, Framing& framing) {
  std::uint64_t length = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (value.empty() || failure != std::errc{} || end != value.data() + value.size()) {
    return bad("Content-Length is no number");
  }
  if (framing.has_length) return bad("Content-Length is given twice");
  framing.has_length = true;
  head.content_length = length;
  return done;
}

void read_connection(std::string_view value, Head& head) noexcept {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const std::string_view option = trim(value.substr(0, comma));
    if (equals_ignoring_case(option, "close")) {
      head.keep_alive = false;
    } else if (head.is_http_1_0 && equals_ignoring_case(option, "keep-alive")) {
      head.keep_alive = true;
    }
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

// Only the handful of fields that concern the server itself; told apart by length first.
ParseResult note_header(std::string_view name, std::string_view value, Head& head,
                        Framing& framing) {
  switch (name.size()) {
    case 4:
      if (equals_ignoring_case(name, "host")) ++framing.hosts;
      return done;
    case 6:
      if (!equals_ignoring_case(name, "expect")) return done;
      if (!equals_ignoring_case(value, "100-continue"))
        return bad("this expectation is unknown", 417);
      head.expects_continue = !head.is_http_1_0;
      return done;
    case 10:
      if (equals_ignoring_case(name, "connection")) read_connection(value, head);
      return done;
    case 14:
      return equals_ignoring_case(name, "content-length") ? read_length(value, head, framing)
                                                          : done;
    case 17:
      if (!equals_ignoring_case(name, "transfer-encoding")) return done;
      if (framing.has_encoding || head.is_http_1_0) return bad("Transfer-Encoding is malformed");
      framing.has_encoding = true;
      if (!equals_ignoring_case(value, "chunked")) {
        return bad("no transfer coding but chunked is known here", 501);
      }
      head.is_chunked = true;
      return done;
    default:
      return done;
  }
}

ParseResult parse_header(std::string_view line, Head& head, Framing& framing) {
  if (line.front() == ' ' || line.front() == '\t') return bad("a header line is folded");
  if (head.headers.size() == header_count_limit) return bad("too many header fields", 431);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return bad("a header line has no name");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!consists_of(name, token_byte)) return bad("a header name is malformed");
  if (!consists_of(value, value_byte)) return bad("a header value is malformed");
  head.headers.push_back({name, value});
  return note_header(name, value, head, framing);
}

ParseResult check_framing(const Head& head, const Framing& framing) {
  if (framing.has_length && framing.has_encoding) {
    return bad("Content-Length and Transfer-Encoding exclude each other");
  }
  if (framing.hosts > 1 || (framing.hosts == 0 && !head.is_http_1_0)) {
    return bad("exactly one Host is needed");
  }
  return done;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  return a == b || std::equal(a.begin(), a.end(), b.begin(),
                              [&](char x, char y) { return lower(x) == lower(y); });
}

ParseResult parse_head(std::string_view bytes, Head& head) {
  head.text = {};
  return parse_next_head(bytes, head);
}

ParseResult parse_next_head(std::string_view bytes, Head& head) {
  if (!head.text.empty() && bytes.starts_with(head.text)) return done;
  const std::string_view lines_before =
      std::exchange(head.text, {}).empty() ? std::string_view() : head.lines;
  const bool was_http_1_0 = head.is_http_1_0;
  const bool was_kept_alive = head.keep_alive;
  std::string_view rest = bytes;
  // RFC 9112 section 2.2: an empty line or two before the request is let pass.
  for (int i = 0; i < 2 && rest.starts_with("\r\n"); ++i) rest.remove_prefix(2);
  std::string_view line;
  switch (take_line(rest, line)) {
    case LineState::incomplete:
      if (rest.size() > request_line_limit) return bad("the request line is too long", 414);
      return not_whole;
    case LineState::bare_lf:
      return bad("a line ends without CR");
    case LineState::found:
      break;
  }
  if (line.size() > request_line_limit) return bad("the request line is too long", 414);
  if (const auto result = parse_request_line(line, head); result.state != State::done) {
    return result;
  }
  // What a header says depends on nothing but its lines and the version.
  if (!lines_before.empty() && head.is_http_1_0 == was_http_1_0 && rest.starts_with(lines_before)) {
    head.keep_alive = was_kept_alive;
    head.text = bytes.substr(0, bytes.size() - rest.size() + lines_before.size());
    return done;
  }
  head.headers.clear();
  head.is_chunked = head.expects_continue = false;
  head.content_length = 0;
  Framing framing;
  const std::size_t headers_begin = bytes.size() - rest.size();
  for (;;) {
    const auto found = take_line(rest, line);
    if (bytes.size() - rest.size() - headers_begin > header_limit ||
        (found == LineState::incomplete && bytes.size() - headers_begin > header_limit)) {
      return bad("the header is too large", 431);
    }
    if (found == LineState::incomplete) return not_whole;
    if (found == LineState::bare_lf) return bad("a line ends without CR");
    if (line.empty()) break;
    if (const auto result = parse_header(line, head, framing); result.state != State::done) {
      return result;
    }
  }
  const auto result = check_framing(head, framing);
  if (result.state == State::done) {
    head.text = bytes.substr(0, bytes.size() - rest.size());
    head.lines = head.text.substr(headers_begin);
  }
  return result;
}

bool has_escape(std::string_view text) noexcept {
  return text.find('%') != std::string_view::npos || text.find('+') != std::string_view::npos;
}

bool has_good_escapes(std::string_view text) noexcept {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (text.size() - at < 3 || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) {
      return false;
    }
  }
  return true;
}

bool append_form_decoded(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return true;
}

ParseResult ChunkDecoder::read_size(std::string_view line, std::size_t body_size,
                                    std::size_t limit) {
  const auto digits = std::min(line.find_first_of("; \t"), line.size());
  const auto [end, failure] = std::from_chars(line.data(), line.data() + digits, left_, 16);
  if (digits == 0 || failure != std::errc{} || end != line.data() + digits ||
      !consists_of(line, value_byte)) {
    return bad("a chunk size is malformed");
  }
  if (left_ > limit - body_size) return bad("the body is too large", 413);
  stage_ = left_ == 0 ? Stage::trailer : Stage::data;
  return done;
}

ParseResult ChunkDecoder::feed(std::string_view bytes, std::size_t limit, std::string& body,
                               std::size_t& used) {
  constexpr std::size_t line_limit = 1024;
  std::string_view rest = bytes;
  std::string_view line;
  for (;;) {
    used = bytes.size() - rest.size();
    if (stage_ == Stage::data) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      body.append(rest.substr(0, taken));
      rest.remove_prefix(taken);
      left_ -= taken;
      used += taken;
      if (left_ > 0) return not_whole;
      stage_ = Stage::data_end;
    }
    const auto found = take_line(rest, line);
    if (found == LineState::bare_lf) return bad("a line of the chunked body ends without CR");
    if (found == LineState::incomplete) {
      // What is there may end in the CR of a line that is just short enough.
      return rest.size() > line_limit + 1 ? bad("a line of the chunked body is too long")
                                          : not_whole;
    }
    if (line.size() > line_limit) return bad("a line of the chunked body is too long");
    if (stage_ == Stage::size) {
      if (const auto result = read_size(line, body.size(), limit); result.state != State::done) {
        return result;
      }
    } else if (stage_ == Stage::data_end) {
      if (!line.empty()) return bad("a chunk is longer than it says");
      stage_ = Stage::size;
    } else {
      used = bytes.size() - rest.size();
      if (line.empty()) return done;
      trailer_bytes_ += line.size();
      if (trailer_bytes_ > header_limit) return bad("the trailer is too large", 431);
    }
  }
}

}  // namespace paddock::metadata::http
