// SPDX-License-Identifier: Apache-2.0
//
// A client's sight of a data file.
#pragma once

#include "answers/answers.hpp"
#include "documents/sight.hpp"

namespace paddock::metadata::answers {

class AnswersSight final : public documents::Sight {
 public:
  AnswersSight(std::shared_ptr<const Answers> answers, std::string version, std::string client);

  [[nodiscard]] std::optional<documents::Node> root() const override;
  [[nodiscard]] documents::Reads& reads() const noexcept override { return reads_; }
  [[nodiscard]] std::string state() const override;

 private:
  std::shared_ptr<const Answers> answers_;
  std::string version_;
  std::string client_;
  mutable documents::Reads reads_;
};

}  // namespace paddock::metadata::answers
