// SPDX-License-Identifier: Apache-2.0
//
// Rancher's data file as metadatad serves it (docs/answers-files.md): what was read last stays
// until something better can be read.
#pragma once

#include <paddock/metadata/answers.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace paddock::metadatad {

class AnswersSource {
 public:
  explicit AnswersSource(std::string file) : file_(std::move(file)) {}

  // Reads the file; what is odd in it goes to the log. The control thread's.
  metadata::Result<void> read();
  // Null while nothing could be read. The control thread's.
  [[nodiscard]] const std::shared_ptr<const metadata::Answers>& answers() const { return answers_; }

  // What there is to say of it. Any thread.
  struct State {
    bool is_known = false;
    std::string trouble;       // why the last reading failed; empty: it did not
    std::size_t problems = 0;  // in what was read
    std::uint64_t readings = 0;
    std::uint64_t failures = 0;
  };
  [[nodiscard]] State state() const;
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::shared_ptr<const metadata::Answers> answers_;
  mutable std::mutex mutex_;  // the admin endpoint asks for the state on its own thread
  State state_;
};

}  // namespace paddock::metadatad
