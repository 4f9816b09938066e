// SPDX-License-Identifier: Apache-2.0
#include "http/reply.hpp"

#include "http/reason.hpp"

#include <charconv>
#include <cstdio>
#include <utility>

namespace paddock::metadata::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_type(std::string& out, std::string_view content_type) {
  if (content_type.empty()) return;
  out += "Content-Type: ";
  out += content_type;
  out += "\r\n";
}

void append_length(std::string& out, std::uint64_t length) {
  out += "Content-Length: ";
  append_number(out, length);
  out += "\r\n";
}

}  // namespace

void DateLine::set(std::time_t now) {
  if (now == made_for_) return;
  // By hand: strftime would write the names in the process's locale.
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[128];
  const int size = std::snprintf(text, sizeof text, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                                 days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
                                 parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  text_.assign(ok).append(text, static_cast<std::size_t>(size));
  made_for_ = now;
}

void append_head(std::string& out, const Response& response, const ReplyForm& form,
                 const DateLine& date) {
  if (response.status == 200) {
    out += date.after_ok();
  } else {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(response.status));
    out += ' ';
    out += reason_of(response.status);
    out += "\r\n";
    out += date.line();
  }
  if (response.ready) {
    out += response.ready->lines();
  } else {
    append_type(out, response.content_type);
    out += response.headers;
    if (!form.length) {
      if (!form.is_http_1_0) out += "Transfer-Encoding: chunked\r\n";
    } else if (has_body(response.status)) {
      append_length(out, *form.length);
    }
  }
  if (!form.keep_alive) {
    out += "Connection: close\r\n";
  } else if (form.is_http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace paddock::metadata::http

namespace paddock::metadata {

ReadyAnswer::ReadyAnswer(std::string_view content_type, std::string_view headers,
                         std::string body) {
  const bool is_copied = body.size() <= copied_bytes;
  text_.reserve(content_type.size() + headers.size() + 64 + (is_copied ? body.size() : 0));
  http::append_type(text_, content_type);
  text_ += headers;
  http::append_length(text_, body.size());
  lines_bytes_ = text_.size();
  text_ += "\r\n";
  if (is_copied) {
    text_ += body;
  } else {
    long_body_ = std::move(body);
  }
}

}  // namespace paddock::metadata
