// SPDX-License-Identifier: Apache-2.0
#include "answers/sight.hpp"

#include <utility>

namespace paddock::metadata::answers {

AnswersSight::AnswersSight(std::shared_ptr<const Answers> answers, std::string version,
                           std::string client)
    : answers_(std::move(answers)), version_(std::move(version)), client_(std::move(client)) {
  // A file changes as a whole.
  reads_.note_everything();
  reads_.note_client();
}

std::optional<documents::Node> AnswersSight::root() const {
  return answers_->root(version_, client_);
}

std::string AnswersSight::state() const { return answers_->stamp() + "." + version_; }

}  // namespace paddock::metadata::answers
