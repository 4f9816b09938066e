// SPDX-License-Identifier: Apache-2.0
#include "metadatad/answers_source.hpp"

#include "runtime/log.hpp"

namespace paddock::metadatad {

namespace log = runtime::log;

metadata::Result<void> AnswersSource::read() {
  auto reading = metadata::load_answers(file_, answers_.get());
  const std::scoped_lock lock(mutex_);
  ++state_.readings;
  if (!reading) {
    ++state_.failures;
    state_.trouble = reading.error().text;
    log::error(answers_ ? "answers not read, those known stay" : "answers not read",
               {{"reason", state_.trouble}});
    return reading.error();
  }
  for (const auto& problem : reading->problems) {
    log::warning("answers: odd", {{"problem", metadata::format(problem)}});
  }
  answers_ = std::move(reading->answers);
  state_.is_known = true;
  state_.trouble.clear();
  state_.problems = reading->problems.size();
  log::info("answers read", {{"file", file_}});
  return {};
}

AnswersSource::State AnswersSource::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

}  // namespace paddock::metadatad
