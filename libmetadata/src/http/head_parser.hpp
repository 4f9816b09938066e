// SPDX-License-Identifier: Apache-2.0
//
// Reads the head of an HTTP/1.x request (RFC 9112 sections 2 to 7) from bytes that may still be
// arriving. Strict where leniency lets two parsers disagree: no bare CR or LF, no obs-fold, no
// space before the colon, no Content-Length beside Transfer-Encoding. Pure.
#pragma once

#include <paddock/metadata/http_server.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::http {

inline constexpr std::size_t request_line_limit = 8 * 1024;
inline constexpr std::size_t header_limit = 16 * 1024;
inline constexpr std::size_t header_count_limit = 100;

// A parsed head; the views point into the parsed bytes.
struct Head {
  std::string_view method;
  std::string_view path;  // its escapes are right
  std::string_view query;
  std::vector<Request::Header> headers;
  bool is_http_1_0 = false;
  bool keep_alive = true;
  bool is_chunked = false;
  bool expects_continue = false;
  std::uint64_t content_length = 0;
  std::string_view text = {};   // all of it, with the empty line
  std::string_view lines = {};  // of the header, with the empty line
};

struct ParseResult {
  enum class State { incomplete, done, failed };
  State state = State::incomplete;
  int status = 0;             // failed: what to answer
  std::string_view why = {};  // failed: a literal, for people
};

// `head` says something after `done` only; its vector is reused.
[[nodiscard]] ParseResult parse_head(std::string_view bytes, Head& head);

// The same where `head` is of the request before, whose bytes are still there. Requests that come
// together are mostly one client's: what repeats itself, all of the head or the header's lines, is
// not read again then.
[[nodiscard]] ParseResult parse_next_head(std::string_view bytes, Head& head);

// Whether form-decoding changes the text, and whether it can be decoded.
[[nodiscard]] bool has_escape(std::string_view text) noexcept;
[[nodiscard]] bool has_good_escapes(std::string_view text) noexcept;

// Appends the form-decoded text; false when an escape is wrong.
[[nodiscard]] bool append_form_decoded(std::string& out, std::string_view text);

// RFC 9110 section 5.1: ASCII letters alike in any case.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Takes a chunked body apart as it arrives (RFC 9112 section 7.1).
class ChunkDecoder {
 public:
  // Reads as much of `bytes` as it can and appends the data to `body`, at most `limit` in all.
  // `used` says how many bytes were taken. Extensions and trailers are checked and dropped.
  [[nodiscard]] ParseResult feed(std::string_view bytes, std::size_t limit, std::string& body,
                                 std::size_t& used);

 private:
  enum class Stage { size, data, data_end, trailer };
  [[nodiscard]] ParseResult read_size(std::string_view line, std::size_t body_size,
                                      std::size_t limit);
  Stage stage_ = Stage::size;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace paddock::metadata::http
