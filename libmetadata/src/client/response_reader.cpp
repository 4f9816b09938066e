// SPDX-License-Identifier: Apache-2.0
#include "client/response_reader.hpp"

#include <algorithm>
#include <charconv>

namespace paddock::metadata::client {
namespace {

constexpr std::size_t head_limit = 64 * 1024;

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lowered;
}

std::string_view trim(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

}  // namespace

ResponseReader::State ResponseReader::read_head(std::string_view head) {
  const auto line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  if (line.size() < 12 || !line.starts_with("HTTP/1.") ||
      std::from_chars(line.data() + 9, line.data() + 12, response.status).ec != std::errc{}) {
    return State::broken;
  }
  keep_alive = line[7] != '0';
  head.remove_prefix(line_end + 2);
  while (!head.starts_with("\r\n")) {
    const std::string_view field = head.substr(0, head.find("\r\n"));
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return State::broken;
    response.headers.emplace_back(lower(field.substr(0, colon)), trim(field.substr(colon + 1)));
    head.remove_prefix(field.size() + 2);
  }
  if (response.status < 200) {  // 100 Continue: the response proper follows
    response.headers.clear();
    return State::head;
  }
  if (lower(response.header("connection")) == "close") keep_alive = false;
  const std::string_view length = response.header("content-length");
  if (is_head_ || response.status == 204 || response.status == 304) {
    framing_ = Framing::none;
  } else if (lower(response.header("transfer-encoding")) == "chunked") {
    framing_ = Framing::chunked;
  } else if (!length.empty()) {
    framing_ = Framing::length;
    const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), left_);
    if (failed != std::errc{} || end != length.data() + length.size()) return State::broken;
  } else {
    framing_ = Framing::until_close;
    keep_alive = false;
  }
  return State::body;
}

ResponseReader::State ResponseReader::too_large() noexcept {
  is_too_large = true;
  return State::broken;
}

ResponseReader::State ResponseReader::read_body(std::string& bytes) {
  switch (framing_) {
    case Framing::none:
      return State::done;
    case Framing::chunked: {
      std::size_t used = 0;
      const auto result = decoder_.feed(bytes, body_limit_, response.body, used);
      bytes.erase(0, used);
      if (result.state == http::ParseResult::State::failed) {
        return result.status == 413 ? too_large() : State::broken;
      }
      return result.state == http::ParseResult::State::done ? State::done : State::body;
    }
    case Framing::length: {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      response.body.append(bytes, 0, taken);
      bytes.erase(0, taken);
      left_ -= taken;
      if (response.body.size() > body_limit_) return too_large();
      return left_ == 0 ? State::done : State::body;
    }
    case Framing::until_close:
      break;
  }
  response.body += bytes;
  bytes.clear();
  return response.body.size() > body_limit_ ? too_large() : State::body;
}

ResponseReader::State ResponseReader::feed(std::string& bytes) {
  while (state_ == State::head) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string::npos) {
      return bytes.size() > head_limit ? state_ = State::broken : State::head;
    }
    state_ = read_head(std::string_view(bytes).substr(0, end + 4));
    bytes.erase(0, end + 4);
  }
  if (state_ == State::body) state_ = read_body(bytes);
  return state_;
}

ResponseReader::State ResponseReader::end() {
  if (state_ == State::done) return state_;
  return state_ = state_ == State::body && framing_ == Framing::until_close ? State::done
                                                                            : State::broken;
}

}  // namespace paddock::metadata::client
