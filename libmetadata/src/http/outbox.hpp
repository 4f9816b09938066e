// SPDX-License-Identifier: Apache-2.0
//
// Bytes on their way to one socket, in order: short ones copied together, long ones shared or
// owned as they are, all of them in one sendmsg.
#pragma once

#include "tls/session.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::http {

class Outbox {
 public:
  enum class Flush { done, blocked, failed };

  // To be appended to; not kept beyond the next call of add().
  [[nodiscard]] std::string& text() noexcept { return text_; }
  // Copied when short.
  void add(std::string&& bytes);
  void add(std::shared_ptr<const std::string> bytes);

  [[nodiscard]] bool empty() const noexcept { return text_.empty() && pieces_.empty(); }
  // What is still to be written.
  [[nodiscard]] std::size_t size() const noexcept { return text_.size() + long_bytes_ - written_; }

  // Memory that is kept for what is still to be written, and for nobody else.
  [[nodiscard]] std::size_t held() const noexcept;

  // Writes as much as the socket takes, through TLS when there is a session. After `done` the
  // outbox is empty and keeps its memory.
  [[nodiscard]] Flush flush(int fd, tls::Session* session = nullptr);
  void clear() noexcept;

 private:
  // A long piece, and the text that goes before it.
  struct Piece {
    std::size_t text_end = 0;
    std::string own;
    std::shared_ptr<const std::string> shared;
    [[nodiscard]] std::string_view bytes() const noexcept {
      return shared ? std::string_view(*shared) : std::string_view(own);
    }
  };
  std::string text_;
  std::vector<Piece> pieces_;
  std::size_t long_bytes_ = 0;
  std::size_t written_ = 0;  // of everything, counted from the begin
};

}  // namespace paddock::metadata::http
