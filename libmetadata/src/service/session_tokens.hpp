// SPDX-License-Identifier: Apache-2.0
//
// The tokens of EC2's metadata sessions (IMDSv2). A token says itself until when it holds and for
// whom, under a key that this process made: nothing is remembered, and a restart ends all sessions.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace paddock::metadata::service {

class SessionTokens {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::seconds longest{21'600};

  // Throws std::system_error when there is no randomness to be had.
  SessionTokens();

  [[nodiscard]] std::string make(std::string_view client, Clock::time_point until) const;
  [[nodiscard]] bool is_valid(std::string_view token, std::string_view client,
                              Clock::time_point now) const;

 private:
  [[nodiscard]] std::string signed_text(std::string_view client, std::string_view until) const;
  std::array<unsigned char, 32> key_;
};

}  // namespace paddock::metadata::service
