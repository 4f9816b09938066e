// SPDX-License-Identifier: Apache-2.0
//
// Takes a response apart as it arrives: head, then the body piece by piece.
#pragma once

#include "http/head_parser.hpp"

#include <paddock/metadata/client.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace paddock::metadata::client {

class ResponseReader {
 public:
  enum class State { head, body, done, broken };

  // A response to HEAD has no body whatever its header says. `body_limit` is of what is held of
  // the body; who takes it out of the response as it comes may read one without end.
  ResponseReader(bool is_head, std::size_t body_limit)
      : is_head_(is_head), body_limit_(body_limit) {}

  // Takes all that is known of the response off the front of `bytes`; new body is appended to
  // response.body.
  State feed(std::string& bytes);
  // The server has closed.
  State end();

  ClientResponse response;
  bool keep_alive = true;
  bool is_too_large = false;  // why it is broken

 private:
  [[nodiscard]] State read_head(std::string_view head);
  [[nodiscard]] State read_body(std::string& bytes);
  [[nodiscard]] State too_large() noexcept;

  enum class Framing { none, length, chunked, until_close };
  bool is_head_;
  std::size_t body_limit_;
  State state_ = State::head;
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;
  http::ChunkDecoder decoder_;
};

}  // namespace paddock::metadata::client
