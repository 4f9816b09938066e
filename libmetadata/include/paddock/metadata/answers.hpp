// SPDX-License-Identifier: Apache-2.0
//
// The data files of Rancher's metadata service, in both forms it has had (docs/answers-files.md):
// what each client is answered, given to DocumentService::publish() in place of a cluster. Bad
// input is an error that names the place; nothing here throws on it. Any thread.
#pragma once

#include <paddock/metadata/codec.hpp>
#include <paddock/metadata/error.hpp>
#include <paddock/metadata/export.hpp>

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace paddock::metadata {

// Immutable. Made below; what is in it is the service's business.
class Answers;

struct AnswersReading {
  std::shared_ptr<const Answers> answers;  // never null
  // What was left out, or read otherwise than it may be meant.
  std::vector<Problem> problems;
};

// Reads one text. `name` is what errors and problems call the file.
[[nodiscard]] PADDOCK_METADATA_EXPORT Result<AnswersReading> parse_answers(std::string_view text,
                                                                           std::string_view name);

// Reads the file and, when it names credentials of other regions, FILE_<public value> beside it
// for each. A region whose file is broken or absent keeps what it had in `before` (null: nothing
// yet) and is a problem.
[[nodiscard]] PADDOCK_METADATA_EXPORT Result<AnswersReading> load_answers(
    const std::filesystem::path& file, const Answers* before = nullptr);

}  // namespace paddock::metadata
