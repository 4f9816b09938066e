// SPDX-License-Identifier: Apache-2.0
//
// Writes the head of a response (RFC 9112 section 4).
#pragma once

#include <paddock/metadata/http_server.hpp>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata::http {

// The Date header line, made once a second.
class DateLine {
 public:
  void set(std::time_t now);
  [[nodiscard]] std::string_view line() const noexcept {
    return std::string_view(text_).substr(ok.size());
  }
  // Behind the status line of most answers.
  [[nodiscard]] std::string_view after_ok() const noexcept { return text_; }

 private:
  static constexpr std::string_view ok = "HTTP/1.1 200 OK\r\n";
  std::time_t made_for_ = -1;
  std::string text_{ok};
};

struct ReplyForm {
  bool is_http_1_0 = false;
  bool keep_alive = true;
  // Bytes of the body; nothing: chunked, or to the end of the connection with HTTP/1.0.
  std::optional<std::uint64_t> length;
};

// Appends status line and header, with the empty line.
void append_head(std::string& out, const Response& response, const ReplyForm& form,
                 const DateLine& date);

// Whether a response of this status can have a body.
[[nodiscard]] constexpr bool has_body(int status) noexcept {
  return status != 204 && status != 304;
}

}  // namespace paddock::metadata::http
